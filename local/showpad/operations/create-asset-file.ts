import * as z from 'zod';
import { renderFile, type EmulatedFile } from '../asset-resource.ts';
import { fileTypeOf } from '../file-types.ts';
import type { Operation } from '../operation.ts';
import { Problem } from '../problem.ts';
import { createUploadLink, uploadMetadata } from '../upload-link.ts';

const bodySchema = z
  .strictObject({
    name: z.string().min(1).optional(),
    contentMD5: z
      .string()
      .regex(/^[A-Za-z0-9+/]{22}==$/u, { error: 'Must be a Base64-encoded MD5 checksum.' })
      .optional(),
  })
  .prefault({});

export const createAssetFile: Operation = {
  method: 'POST',
  path: '/assets/{assetId}/files',
  run(request, state) {
    const asset = request.lookUp(state.assets, 'assetId');
    const { name, contentMD5 } = request.parseBody(bodySchema);
    if (asset.url !== null) throw new Problem(400, { detail: 'A URL asset has no files.' });
    const createdAt = state.timestamp();
    if (name !== undefined) {
      Object.assign(asset, { name, updatedAt: createdAt });
      state.saveAsset(asset);
    }
    const file: EmulatedFile = {
      id: state.newId(),
      name: asset.name,
      status: 'prepared',
      error: null,
      createdAt,
      updatedAt: createdAt,
      contentMD5: contentMD5 ?? null,
      uploads: [],
    };
    asset.files.push(file);
    state.touch('asset', asset.id);
    const suggestedContentType = fileTypeOf(asset.name).mediaType;
    const uploadUrl = state.switches.uploadUrlNull
      ? null
      : createUploadLink(
          { origin: state.uploadOrigin, secret: state.linkSecret, mode: state.switches.uploadMetadataMode },
          { fileId: file.id, contentType: suggestedContentType, contentMD5: file.contentMD5 },
          state.now(),
        );
    return {
      status: 201,
      json: {
        ...renderFile(file),
        uploadMeta: { uploadUrl, suggestedContentType, metadata: uploadMetadata },
      },
    };
  },
};
