/** What a GET was answered with; a text that is too long is cut off. */
export interface ShortAnswer {
  readonly status: number;
  readonly text: string;
}

const timeoutMs = 3_000;
const mostBytes = 16 * 1024;

/**
 * One GET of something short, such as a key, with little patience; a redirect is an answer like any other.
 * @param allowPrivateAddresses where TLS alone says who answers, such as an endpoint of AWS within a VPC
 * @throws {Error} when there is no answer
 */
export async function readShortAnswer(
  url: string,
  { allowPrivateAddresses }: { readonly allowPrivateAddresses: boolean },
): Promise<ShortAnswer> {
  // Few deliveries need it, and ingest is to start quickly.
  const [{ request }, { createDispatcher }] = await Promise.all([
    import('undici'),
    import('./guarded-connector.ts'),
  ]);
  const dispatcher = createDispatcher({ allowPrivateAddresses, connectTimeoutMs: timeoutMs });
  try {
    const { statusCode, body } = await request(url, {
      dispatcher,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: AbortSignal.timeout(2 * timeoutMs),
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > mostBytes) break;
      chunks.push(chunk);
    }
    return { status: statusCode, text: Buffer.concat(chunks).toString('latin1') };
  } finally {
    await dispatcher.destroy();
  }
}
