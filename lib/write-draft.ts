import type { AssetDraft } from './asset-draft.ts';
import { TryAgain, type ReasonCode } from './reasons.ts';
import type { ShowpadNames } from './showpad-names.ts';
import { ShowpadError } from './showpad/errors.ts';

const codes: Readonly<Record<string, ReasonCode>> = { tags: 'TAG_UNKNOWN', authors: 'AUTHOR_UNKNOWN' };
const definite = new Set([400, 403, 404, 409, 422]);

/**
 * Sends a draft. Parts that Showpad refuses by name are taken out, with its reason, and the rest is sent again;
 * a refusal that names none of them is thrown. Answers null when nothing is left to send.
 * @param options.otherwise told of other fields that were refused; true when it has changed the request
 * @throws {ShowpadError}
 * @throws {TryAgain} the first time that a tag or an author is refused
 */
export async function writeDraft<T>(
  draft: AssetDraft,
  send: () => Promise<T>,
  options: {
    names: ShowpadNames;
    isFirstTry: boolean;
    otherwise?: (fields: readonly string[]) => boolean;
    mayBeEmpty?: boolean;
  },
): Promise<T | null> {
  for (;;) {
    if (options.mayBeEmpty !== true && Object.keys(draft.body).length === 0) return null;
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof ShowpadError) || !definite.has(error.status ?? 0)) throw error;
      const fields = refusedFields(error);
      if (options.isFirstTry && fields.some((field) => Object.hasOwn(codes, field))) {
        // An id that was remembered may be that of something deleted since.
        options.names.forget();
        throw new TryAgain(`Showpad does not know an id: ${error.message}`);
      }
      const taken = fields.filter((field) =>
        draft.refuse(
          field,
          codes[field] ?? 'SHOWPAD_REJECTED',
          `Showpad refused ${field}: ${reasonFor(error, field)}`,
        ),
      );
      if (taken.length > 0 || options.otherwise?.(fields) === true) continue;
      if (!narrow(draft, error, options.mayBeEmpty === true)) throw error;
    }
  }
}

/** Showpad did not say which part it refuses: it is found by sending them one by one. */
function narrow(draft: AssetDraft, error: ShowpadError, mayBeEmpty: boolean): boolean {
  if (error.status !== 400 && error.status !== 422) return false;
  if (draft.keepOnly(mayBeEmpty ? 0 : 1)) return true;
  const [key] = Object.keys(draft.body);
  return (
    key !== undefined &&
    draft.refuse(key, 'SHOWPAD_REJECTED', `Showpad refused ${key}: ${error.detail || error.title}`)
  );
}

/** `lockedPages[0].start` and `lockedPages.0.start` are both about `lockedPages`. */
function refusedFields({ problems, detail }: ShowpadError): string[] {
  const named = problems.map(({ name }) => topLevel(name)).filter((name) => name !== '');
  return [...new Set(detail.includes('externalId') ? [...named, 'externalId'] : named)];
}

function reasonFor({ problems, detail, title }: ShowpadError, field: string): string {
  const reasons = problems.filter(({ name }) => topLevel(name) === field).map(({ reason }) => reason);
  return reasons.join('; ') || detail || title;
}

function topLevel(name: string): string {
  return name.replace(/^(body|\$|#)?[./]?/, '').split(/[.[/]/)[0] ?? '';
}
