import type { Answer } from './answer.ts';
import { matches } from './emulated-oauth.ts';
import type { Receive } from './listener.ts';
import { OperationRequest } from './operation.ts';
import { operations } from './operations.ts';
import { Problem } from './problem.ts';
import { RateLimiter } from './rate-limiter.ts';
import { readJson } from './read-json.ts';
import { createRouter } from './router.ts';
import type { ShowpadState } from './showpad-state.ts';
import { problemAnswer } from './v3/envelope.ts';
import { createV3Api, v3BasePath } from './v3/v3-api.ts';
import { V3Problem } from './v3/v3-problem.ts';

const basePath = '/v4';

/** API v4 and API v3, which also answers for everything on the same host that neither has. */
export function createApi(state: ShowpadState, token: string): Receive {
  const route = createRouter(operations);
  const rateLimiter = new RateLimiter(state);
  const isAuthorized = (header: string | undefined): boolean => signIn(state, header, token);
  const receiveV3 = createV3Api(state, isAuthorized);
  return async (request, url, record) => {
    if (isV3Path(url.pathname)) return receiveV3(request, url, record);
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
      if (!url.pathname.startsWith(`${basePath}/`)) return problemAnswer(new V3Problem(404));
      try {
        rateLimiter.admit();
        if (!isAuthorized(request.headers.authorization)) throw new Problem(401);
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

/** An error that the API on this path could answer with, for faults. */
export function errorAnswer(state: ShowpadState, status: number, path: string): Answer {
  return isV3Path(path) ? problemAnswer(new V3Problem(status)) : new Problem(status).toAnswer(state.switches);
}

function isV3Path(path: string): boolean {
  return path.startsWith(`${v3BasePath}/`);
}

/** Whether a request may go on, then as the user whose token it brings. */
function signIn(state: ShowpadState, header: string | undefined, personalToken: string): boolean {
  const given = /^Bearer +(\S+)$/iu.exec(header ?? '')?.[1];
  if (given === undefined) return false;
  if (matches(personalToken, given)) {
    state.actingUserId = undefined;
    return true;
  }
  const userId = state.oauth.userOf(given);
  if (userId === undefined || state.users.get(userId)?.isActive !== true) return false;
  state.actingUserId = userId;
  return true;
}
