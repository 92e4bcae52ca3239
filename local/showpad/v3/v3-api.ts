import type { IncomingHttpHeaders } from 'node:http';
import type { Receive } from '../listener.ts';
import { createRouter } from '../router.ts';
import type { ShowpadState } from '../showpad-state.ts';
import { problemAnswer, resultAnswer } from './envelope.ts';
import { issueTokens, tokenPath } from './token-endpoint.ts';
import { TokenProblem } from './token-problem.ts';
import { receiveTokenRequest, showTokenRequest } from './token-request.ts';
import { takeSlowly } from '../take-slowly.ts';
import { receiveForm, type ReceivedForm } from './receive-form.ts';
import { V3Budget } from './v3-budget.ts';
import { V3Request } from './v3-operation.ts';
import { v3Operations } from './v3-operations.ts';
import { V3Problem } from './v3-problem.ts';
import { v3Timestamp } from './v3-timestamp.ts';

/** What the paths of API v3 begin with. */
export const v3BasePath = '/api/v3';

/** API v3; the `.json` that ends its paths may be left out. */
export function createV3Api(
  state: ShowpadState,
  isAuthorized: (header: IncomingHttpHeaders['authorization']) => boolean,
): Receive {
  const route = createRouter(
    v3Operations.map((operation) => ({ ...operation, path: withoutSuffix(operation.path), operation })),
  );
  const budget = new V3Budget(state);
  const meta = () => describeMeta(state, budget);
  const receiveForToken: Receive = async (request, _url, record) => {
    const received = await receiveTokenRequest(request);
    if (!(received instanceof TokenProblem)) record.body = showTokenRequest(received);
    return () => {
      try {
        budget.spend();
        if (received instanceof TokenProblem) throw received;
        return issueTokens(state, received);
      } catch (error) {
        if (error instanceof TokenProblem) return error.toAnswer(state.switches);
        if (!(error instanceof V3Problem)) throw error;
        return problemAnswer(error, { meta: meta(), suppressed: state.switches.errorsUnderHttp200 });
      }
    };
  };
  return async (request, url, record) => {
    const path = withoutSuffix(url.pathname.slice(v3BasePath.length));
    if (request.method === 'POST' && path === tokenPath) return receiveForToken(request, url, record);
    const received = await receiveForm(takeSlowly(request, state.switches), request.headers);
    if (received !== undefined && !(received instanceof V3Problem)) record.body = showForm(received);
    const { searchParams } = url;
    // The parameter `method` stands for the verb, for those who can only send some.
    const method = (searchParams.get('method') ?? request.method ?? '').toUpperCase();
    return () => {
      const suppressed = isSet(searchParams.get('suppress_response_codes'));
      try {
        budget.spend();
        const match = route(method, path);
        if ('allowed' in match && match.allowed.length === 0) throw new V3Problem(404);
        if (!isAuthorized(request.headers.authorization)) throw new V3Problem(401);
        if ('allowed' in match) {
          throw new V3Problem(405, { headers: { allow: match.allowed.join(', ') } });
        }
        if (received instanceof V3Problem) throw received;
        const { operation } = match.operation;
        const result = operation.run(new V3Request(match.parameters, searchParams, received), state);
        return resultAnswer(result, { meta: meta(), suppressed });
      } catch (error) {
        if (!(error instanceof V3Problem)) throw error;
        return problemAnswer(error, {
          meta: meta(),
          suppressed: suppressed || state.switches.errorsUnderHttp200,
        });
      }
    };
  };
}

function describeMeta(state: ShowpadState, budget: V3Budget): object {
  const now = v3Timestamp(state.now());
  return {
    serverTime: now,
    lastUpdatedTime: now,
    ...budget.describe(),
    userTimezone: { offset: '+00:00', name: 'UTC' },
  };
}

/** What the request log keeps of a form: everything but the bytes of the file. */
function showForm({ fields, file }: ReceivedForm): object {
  const shown = file && {
    filename: file.filename,
    contentType: file.contentType,
    size: file.size,
    md5: file.md5,
    sha256: file.sha256,
  };
  return { ...Object.fromEntries(fields), ...(shown && { file: shown }) };
}

function withoutSuffix(path: string): string {
  return path.replace(/\.json$/u, '');
}

function isSet(flag: string | null): boolean {
  return flag === 'true' || flag === '1';
}
