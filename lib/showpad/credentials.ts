import * as z from 'zod';

const text = z.string().min(1);
// What an HTTP header can carry.
const token = z.string().regex(/^[!-~]+$/, 'must be a token without spaces');
const client = { clientId: text, clientSecret: text };

const personalSchema = z.strictObject({ token });
const passwordSchema = z.strictObject({
  grant: z.literal('password'),
  ...client,
  username: text,
  password: text,
});
const refreshTokenSchema = z.strictObject({
  grant: z.literal('refresh_token'),
  ...client,
  refreshToken: text,
});

/** How the connector signs in to Showpad: the JSON of its secret, and of SHOWPAD_CREDENTIALS. */
export const credentialsSchema = z.union([personalSchema, passwordSchema, refreshTokenSchema], {
  error: 'must be {"token"}, or {"grant":"password",…}, or {"grant":"refresh_token",…}',
});

export type Credentials = z.output<typeof credentialsSchema>;
export type GrantCredentials = Exclude<Credentials, { readonly token: string }>;

const grantSchema = z.discriminatedUnion('grant', [passwordSchema, refreshTokenSchema], {
  error: 'must be "password" or "refresh_token"',
});

/** What is wrong with a value that is no credentials, key by key; never a value, for values are secrets. */
export function credentialsFaults(value: unknown): string[] {
  const isGrant = typeof value === 'object' && value !== null && 'grant' in value;
  const { error } = (isGrant ? grantSchema : personalSchema).safeParse(value);
  return (error?.issues ?? []).map((issue) => `${issue.path.join('.') || '(all)'}: ${describe(issue)}`);
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return 'has keys that are not expected';
  return issue.code === 'too_small' ? 'must not be empty' : issue.message;
}
