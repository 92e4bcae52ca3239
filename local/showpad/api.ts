import { createHash, timingSafeEqual } from 'node:crypto';
import type { Answer } from './answer.ts';
import type { Receive } from './listener.ts';
import { OperationRequest } from './operation.ts';
import { operations } from './operations.ts';
import { Problem } from './problem.ts';
import { RateLimiter } from './rate-limiter.ts';
import { readJson } from './read-json.ts';
import { createRouter } from './router.ts';
import type { ShowpadState } from './showpad-state.ts';

const basePath = '/v4';

/** API v4; everything else on the same host answers as API v3 answers for what it does not have. */
export function createApi(state: ShowpadState, token: string): Receive {
  const route = createRouter(operations);
  const rateLimiter = new RateLimiter(state);
  return async (request, url, record) => {
    const { method = '' } = request;
    let body: unknown;
    let bodyProblem: Problem | undefined;
    try {
      body = await readJson(request);
      record.body = body;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      bodyProblem = error;
    }
    return () => {
      if (!url.pathname.startsWith(`${basePath}/`)) return notFoundInVersion3();
      try {
        rateLimiter.admit();
        if (!isAuthorized(request.headers.authorization, token)) throw new Problem(401);
        const match = route(method, url.pathname.slice(basePath.length));
        if ('allowed' in match) {
          if (match.allowed.length === 0) throw new Problem(404);
          throw new Problem(405, { headers: { allow: match.allowed.join(', ') } });
        }
        if (bodyProblem !== undefined && method === 'POST') throw bodyProblem;
        return match.operation.run(new OperationRequest(match.parameters, url.searchParams, body), state);
      } catch (error) {
        if (error instanceof Problem) return error.toAnswer(state.switches);
        throw error;
      }
    };
  };
}

function isAuthorized(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/iu.exec(header ?? '')?.[1];
  if (given === undefined) return false;
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function notFoundInVersion3(): Answer {
  return {
    status: 404,
    json: {
      meta: { code: 404, message: 'Not Found' },
      response: { code: 3004, name: 'ResourceNotFoundError', message: 'The resource could not be found.' },
    },
  };
}
