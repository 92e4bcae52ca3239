import type { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';

const upload = z.object({ method: z.literal('PUT'), headers: z.record(z.string(), z.string()) });

/**
 * Spares uploads a pass of SHA-256 over bytes that were hashed on their way in: the signature covers the request
 * without its payload, which S3 allows (x-amz-content-sha256: UNSIGNED-PAYLOAD). TLS protects the bytes on the
 * wire, and Showpad's check of their MD5 everywhere else.
 */
export function leavePayloadUnsigned(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const request = upload.safeParse(args.request);
      if (request.success) {
        Object.assign(args.request as object, {
          headers: { ...request.data.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
        });
      }
      return next(args);
    },
    { step: 'build', name: 'leavePayloadUnsigned' },
  );
}
