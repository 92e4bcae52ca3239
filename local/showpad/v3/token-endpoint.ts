import type { Answer } from '../answer.ts';
import type { IssuedTokens } from '../emulated-oauth.ts';
import type { ShowpadState } from '../showpad-state.ts';
import { TokenProblem } from './token-problem.ts';
import type { TokenRequest } from './token-request.ts';

/** Where tokens are asked for, relative to the base URL. */
export const tokenPath = '/oauth2/token';

/** POST /oauth2/token: the grants `password` and `refresh_token`. Throws `TokenProblem` to refuse. */
export function issueTokens(state: ShowpadState, { fields, client }: TokenRequest): Answer {
  const { oauthClientAuthentication, expiresInForm } = state.switches;
  const isTaken = oauthClientAuthentication === 'both' || oauthClientAuthentication === client.form;
  if (!isTaken || !state.oauth.knowsClient(client.id, client.secret)) {
    throw new TokenProblem('invalid_client', 'The client is not known.');
  }
  const { accessToken, lifetimeSeconds, refreshToken } = grant(state, fields, client.id);
  const json = {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: expiresInForm === 'text' ? String(lifetimeSeconds) : lifetimeSeconds,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
  };
  const shown = Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, name.endsWith('_token') ? '(left out)' : value]),
  );
  return { status: 200, headers: { 'cache-control': 'no-store' }, json, shown };
}

function grant(state: ShowpadState, fields: TokenRequest['fields'], clientId: string): IssuedTokens {
  const required = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined || value === '') {
      throw new TokenProblem('invalid_request', `The parameter ${name} is required.`);
    }
    return value;
  };
  const grantType = required('grant_type');
  if (grantType === 'password') {
    const [username, password] = [required('username'), required('password')];
    const user = [...state.users.values()].find(({ userName }) => userName === username);
    if (user?.isActive === true && state.oauth.isPassword(user.id, password)) {
      return state.oauth.logIn(user.id, clientId);
    }
    throw new TokenProblem('invalid_grant', 'The user name or the password is wrong.');
  }
  if (grantType === 'refresh_token') {
    const refreshed = state.oauth.refresh(required('refresh_token'), clientId);
    if (refreshed !== undefined && state.users.get(refreshed.userId)?.isActive === true) return refreshed;
    throw new TokenProblem('invalid_grant', 'The refresh token is not valid.');
  }
  throw new TokenProblem('unsupported_grant_type', 'The grant type is not supported.');
}
