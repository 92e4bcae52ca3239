import type { Answer } from '../answer.ts';
import type { Switches } from '../switches.ts';
import { problemAnswer } from './envelope.ts';
import { V3Problem } from './v3-problem.ts';

const statuses = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
} as const;

/** A refusal of the token endpoint (RFC 6749, section 5.2). */
export class TokenProblem extends Error {
  readonly code: keyof typeof statuses;

  constructor(code: keyof typeof statuses, message: string) {
    super(message);
    this.code = code;
  }

  /** As RFC 6749 has it or in the envelope of API v3: Showpad's documents do not say. */
  toAnswer({ oauthErrors, errorsUnderHttp200 }: Switches): Answer {
    const { code, message } = this;
    const status = statuses[code];
    if (oauthErrors === 'envelope') {
      return problemAnswer(new V3Problem(status, { message }), { suppressed: errorsUnderHttp200 });
    }
    return {
      status,
      headers: {
        'cache-control': 'no-store',
        ...(status === 401 && { 'www-authenticate': 'Basic realm="Showpad"' }),
      },
      json: { error: code, error_description: message },
    };
  }
}
