import { withoutSecrets } from './without-secrets.ts';

/**
 * Why a job can fail: a closed list. Each reason says what the person who reads it can do, and whether the same
 * event may succeed later without being changed.
 */
export const reasons = {
  SOURCE_UNREACHABLE: {
    retryable: true,
    advice: 'The source did not answer in time. Check that it is up and reachable, then retry the job.',
  },
  SOURCE_URL_EXPIRED: {
    retryable: false,
    advice: 'The link had expired. Let the source send the event again with a fresh link.',
  },
  SOURCE_URL_INVALID: { retryable: false, advice: 'The link cannot be fetched. Send an http or https URL.' },
  SOURCE_NOT_FOUND: {
    retryable: false,
    advice: 'The source has no such file. Check the link at the source.',
  },
  SOURCE_FORBIDDEN: {
    retryable: false,
    advice: 'The source refused access. Send a link that needs no login, such as a signed one.',
  },
  SOURCE_FORBIDDEN_ADDRESS: {
    retryable: false,
    advice: 'The link leads to an address that is not public. Serve the file from a public address.',
  },
  SOURCE_TOO_MANY_REDIRECTS: {
    retryable: false,
    advice: 'The link redirects more than five times. Send the final URL.',
  },
  SOURCE_UNUSABLE: {
    retryable: false,
    advice:
      'The answer of the source could not be trusted to be the file. See the message for what was wrong.',
  },
  SOURCE_CREDENTIAL_MISSING: {
    retryable: true,
    advice:
      'Put a credential for the source into the secret of SourceCredentialsSecretArn (locally SOURCE_CREDENTIALS), then retry the job.',
  },
  SOURCE_CREDENTIAL_REFUSED: {
    retryable: true,
    advice:
      'Give the credential of the source the right to download the file, or put a working one into the secret of SourceCredentialsSecretArn, then retry the job.',
  },
  SOURCE_ANSWER_UNREADABLE: {
    retryable: false,
    advice:
      'The source\'s API did not answer as it is documented. Look at the message, put the source\'s settings or "mapping" right, and let it send the event again.',
  },
  FILE_TOO_LARGE: {
    retryable: false,
    advice: 'The file is larger than the connector takes. Raise MaxFileBytes, or make the file smaller.',
  },
  TOO_LARGE_FOR_WORKER: {
    retryable: true,
    advice:
      'Give the function more memory, which brings it more network, or make the file smaller. A measured rate is forgotten after an hour: if the connection is faster by then, retry the job.',
  },
  FILE_EMPTY: { retryable: false, advice: 'The file has no bytes. Publish it again at the source.' },
  SIZE_MISMATCH: {
    retryable: false,
    advice: 'The file is not as long as the event said. Let the source send the event again.',
  },
  CHECKSUM_MISMATCH: {
    retryable: false,
    advice: 'The bytes are not those the event announced. Let the source send the event again.',
  },
  TYPE_MISMATCH: {
    retryable: false,
    advice:
      'Look what the link really gives, and send the event again with the right file or the right name.',
  },
  TYPE_NOT_ALLOWED: {
    retryable: false,
    advice: 'Send a file of another type, or add this one to the source\'s "types".',
  },
  CONTENT_REFUSED: {
    retryable: false,
    advice: 'An inspection of the content refused it. See the message, and look into the file at its source.',
  },
  PROCESSING_FAILED: {
    retryable: false,
    advice:
      'Showpad could not process the file. Open it to see whether it is damaged or protected by a password.',
  },
  PROCESSING_DEADLINE: {
    retryable: true,
    advice: 'Showpad did not finish in time. Look at the status page of Showpad, then retry the job.',
  },
  SHOWPAD_REJECTED: {
    retryable: false,
    advice: 'Showpad refused the request. The message says what it refused.',
  },
  SHOWPAD_FORBIDDEN: {
    retryable: false,
    advice: "The token's user may not do this. Give it the right to manage content in the asset's Division.",
  },
  SHOWPAD_UNAVAILABLE: {
    retryable: true,
    advice: 'Showpad did not answer usably for a whole day. Look at its status page, then retry the job.',
  },
  UPLOAD_REFUSED: {
    retryable: true,
    advice: 'The upload link refused the file several times. Retry the job, and report it if it stays.',
  },
  ASSET_UNKNOWN: {
    retryable: true,
    advice:
      'No upsert has brought this subject yet. Its values are kept and apply should the asset come later.',
  },
  DIVISION_UNKNOWN: {
    retryable: false,
    advice: 'Give metadata.division, or a default division of the source, that the token can see.',
  },
  DIVISION_FIXED: {
    retryable: false,
    advice: 'An asset stays in the Division it was made in. Use a new subject for another Division.',
  },
  TAG_UNKNOWN: {
    retryable: false,
    advice: 'Showpad has no tag with this id. Name the tag, or send an existing id.',
  },
  TAG_AMBIGUOUS: {
    retryable: false,
    advice: 'Several tags of the Division have this name. Merge them in Showpad, or name the tag by its id.',
  },
  AUTHOR_UNKNOWN: {
    retryable: false,
    advice: 'Showpad has no user with this address. Invite the user, or leave the author out.',
  },
  RECIPIENT_UNKNOWN: {
    retryable: true,
    advice: 'Showpad has no user with this address. Invite the person, then retry the job.',
  },
  RECIPIENT_AMBIGUOUS: {
    retryable: true,
    advice: 'Showpad has several users with this address. Keep one active, then retry the job.',
  },
  RECIPIENT_INACTIVE: {
    retryable: true,
    advice: 'The user is not active. Activate the user in Showpad, then retry the job.',
  },
  RECIPIENTS_FAILED: { retryable: true, advice: 'The recipients that failed say why, each for itself.' },
  ALREADY_IN_MY_FILES: {
    retryable: false,
    advice: 'Use another name, or set the source to "onConflict": "rename".',
  },
  STATE_TOO_LARGE: {
    retryable: false,
    advice: 'Send less metadata for this subject: shorter texts and lists.',
  },
  TAG_IN_USE: {
    retryable: true,
    advice:
      'A filter of the Division uses this tag. Take it out of the filter in Showpad, then retry the job.',
  },
  OUTCOME_UNKNOWN: {
    retryable: false,
    advice: 'Look in Showpad whether it is there. If not, let the source send the event again.',
  },
  EXTERNAL_ID_AMBIGUOUS: {
    retryable: true,
    advice:
      'Several assets carry this external id. Keep one in Showpad, delete the others, then retry the job.',
  },
  PAYLOAD_UNREADABLE: {
    retryable: true,
    advice:
      'Put right what the message names, or the settings or the "mapping" of the source (npm run map shows what it reads), then retry the job: its payload is kept.',
  },
  DEAD_LETTER: {
    retryable: true,
    advice:
      'Put right what stood in the way, then retry the job, replay all such jobs (npm run replay -- --reason DEAD_LETTER), or redrive the dead-letter queue.',
  },
  NOT_ACCEPTED: {
    retryable: false,
    advice: 'Let the source send the event again; it is taken up at any time, under the same id.',
  },
  NO_PROGRESS: {
    retryable: true,
    advice: 'Look into the log of the function for this job id, then retry the job.',
  },
} as const satisfies Record<string, { retryable: boolean; advice: string }>;

export type ReasonCode = keyof typeof reasons;

/** Why a job failed, as its sender reads it. */
export interface JobError {
  readonly code: ReasonCode;
  readonly message: string;
  readonly retryable: boolean;
}

/** Ends a job: an answer for its sender, not a fault of the connector. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure';
  readonly code: ReasonCode;

  constructor(code: ReasonCode, message: string) {
    super(withoutSecrets(message));
    this.code = code;
  }
}

/** Puts a step off, to be tried from its beginning. */
export class TryAgain extends Error {
  override readonly name: string = 'TryAgain';
  /** When; null leaves it to the backoff of the step. */
  readonly afterSeconds: number | null;

  constructor(message: string, afterSeconds: number | null = null) {
    super(withoutSecrets(message));
    this.afterSeconds = afterSeconds;
  }
}

/** Puts off a step that could not do its work yet, through no fault of its own: it does not count as a try. */
export class NotYet extends TryAgain {
  override readonly name = 'NotYet';
}

/** The error of a job: what happened, and what to do about it. */
export function jobError(code: ReasonCode, message: string): JobError {
  const { retryable, advice } = reasons[code];
  const what = withoutSecrets(message);
  const sentence = /[.!?]$/.test(what) ? what : `${what}.`;
  return { code, message: `${sentence} ${advice}`, retryable };
}
