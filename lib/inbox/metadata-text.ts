const encodedWord = /=\?([\w-]+)(?:\*[\w-]*)?\?([bq])\?([^?\s]*)\?=/gi;

/**
 * The text of an object's own metadata. S3 gives back what is not ASCII in the encoded words of RFC 2047. Who put raw
 * UTF-8 into the header finds each of its bytes taken for a character of Latin-1: where that makes UTF-8 again, it
 * was so. What cannot be decoded stays as it is.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata
 * https://www.rfc-editor.org/rfc/rfc2047
 */
export function metadataText(value: string): string {
  // White space between two encoded words only separates them.
  const joined = value.replaceAll(/(\?=)\s+(?==\?[\w-]+(?:\*[\w-]*)?\?[bq]\?)/gi, '$1');
  const words = [...joined.matchAll(encodedWord)];
  let text = '';
  let end = 0;
  for (let index = 0; index < words.length;) {
    const [first, ...others] = adjacent(words, index);
    if (first === undefined) break;
    text += joined.slice(end, first.index);
    // A character may be cut in two by the words that hold its bytes.
    const bytes = Buffer.concat([first, ...others].map(([, , form = '', body = '']) => bytesOf(form, body)));
    const whole = [first, ...others].map(([word]) => word).join('');
    text += decode(first[1] ?? '', bytes) ?? whole;
    end = first.index + whole.length;
    index += 1 + others.length;
  }
  return asUtf8(text + joined.slice(end));
}

/** The word at this place, and those right behind it of the same character set. */
function adjacent(words: readonly RegExpExecArray[], start: number): RegExpExecArray[] {
  const run: RegExpExecArray[] = [];
  for (const word of words.slice(start)) {
    const last = run.at(-1);
    const follows = last === undefined || last.index + last[0].length === word.index;
    if (!follows || (last !== undefined && last[1]?.toLowerCase() !== word[1]?.toLowerCase())) break;
    run.push(word);
  }
  return run;
}

function bytesOf(form: string, body: string): Buffer {
  if (form.toLowerCase() === 'b') return Buffer.from(body, 'base64');
  const raw = body
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9a-f]{2})/gi, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(raw, 'latin1');
}

function decode(charset: string, bytes: Buffer): string | null {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function asUtf8(text: string): string {
  const isLatin1 = /[\u0080-\u00FF]/.test(text) && !/[^\0-\u00FF]/.test(text);
  return isLatin1 ? (decode('utf-8', Buffer.from(text, 'latin1')) ?? text) : text;
}
