import { compareTypes, declaredTypes, isListed } from './declared-type.ts';
import type { ExpectedFile } from './source-answer.ts';
import type { SourceFailureCode } from './source-error.ts';
import { sniffType } from './sniff-type.ts';

/** A file that begins to arrive: what was said of it, and its first 4 KiB (all of it, when it is shorter). */
export interface Arrival {
  readonly expected: ExpectedFile;
  /** The media type that the source answered with. */
  readonly answered: string | null;
  /** The media types that its source may send; undefined for all. */
  readonly allowedTypes: readonly string[] | undefined;
  readonly beginning: Buffer;
}

/** Why a file is not taken; the message goes on after the name of the file. */
export interface Refusal {
  readonly code: SourceFailureCode;
  readonly message: string;
}

type Inspector = (arrival: Arrival) => Refusal | null;

/** Everybody who may refuse a file by its beginning: the place where a scanner of one's own comes in. */
const inspectors: readonly Inspector[] = [
  refuseForeignType,
  refuseLoginPage,
  refuseWrongType,
  refuseAntivirusTestFile,
];

/** What the first of the inspectors has against a file; null when nobody has. */
export function inspect(arrival: Arrival): Refusal | null {
  for (const inspector of inspectors) {
    const refusal = inspector(arrival);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** What a list of allowed types has against a file by its name and media type alone. */
export function refuseDeclaredType({ expected, allowedTypes }: Omit<Arrival, 'beginning' | 'answered'>) {
  if (allowedTypes === undefined) return null;
  const declared = declaredTypes(expected);
  const foreign = declared.find((type) => !isListed(type, allowedTypes));
  if (declared.length > 0 && foreign === undefined) return null;
  return notAllowed(foreign === undefined ? 'of no known type' : `declared as ${foreign}`, allowedTypes);
}

function refuseForeignType(arrival: Arrival): Refusal | null {
  const { expected, allowedTypes, beginning } = arrival;
  if (allowedTypes === undefined) return null;
  const refused = refuseDeclaredType(arrival);
  if (refused !== null) return refused;
  const shown = sniffType(beginning);
  if (shown === null) {
    return compareTypes(expected, null) === 'fits' ? null : notAllowed('of no known content', allowedTypes);
  }
  // A picture by another name must be allowed as what it is; a container says nothing of what is in it.
  const isForeignPicture = shown.startsWith('image/') && !isListed(shown, allowedTypes);
  return isForeignPicture ? notAllowed(`${shown} by its bytes`, allowedTypes) : null;
}

function notAllowed(what: string, allowed: readonly string[]): Refusal {
  return { code: 'TYPE_NOT_ALLOWED', message: `is ${what}; its source may send ${allowed.join(', ')}` };
}

function refuseLoginPage({ expected, answered, beginning }: Arrival): Refusal | null {
  const isPage = answered === 'text/html' || answered === 'application/xhtml+xml';
  if (!isPage || sniffType(beginning) !== 'text/html') return null;
  const isNothingElse = expected.mediaType === undefined && !/\.[a-z0-9]{1,10}$/i.test(expected.name ?? '');
  const isDeclared =
    /\.(?:x?html?|xht|shtml)$/i.test(expected.name ?? '') ||
    declaredTypes(expected).some((type) => /html/.test(type));
  if (isNothingElse || isDeclared) return null;
  return { code: 'SOURCE_UNUSABLE', message: 'answered with a web page: a login page?' };
}

function refuseWrongType({ expected, beginning }: Arrival): Refusal | null {
  const shown = sniffType(beginning);
  if (compareTypes(expected, shown) !== 'differs') return null;
  const declared = declaredTypes(expected)[0] ?? 'something else';
  return { code: 'TYPE_MISMATCH', message: `is ${shown} by its bytes, but was announced as ${declared}` };
}

// In two halves, lest a scanner take this very file away. https://www.eicar.org/download-anti-malware-testfile/
const antivirusTest = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-', 'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('');

function refuseAntivirusTestFile({ beginning }: Arrival): Refusal | null {
  const isTest = beginning.toString('latin1', 0, antivirusTest.length) === antivirusTest;
  return isTest ? { code: 'CONTENT_REFUSED', message: 'is the test file of antivirus software' } : null;
}
