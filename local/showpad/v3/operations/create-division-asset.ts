import { randomUUID } from 'node:crypto';
import type { PersonalAsset } from '../../user-resource.ts';
import { linkTo } from '../links.ts';
import { assertFits, assertNew, ownerOfDivision } from '../my-files.ts';
import { renderPersonalAsset } from '../personal-asset-resource.ts';
import { needsProcessing, startTicket } from '../ticket-processing.ts';
import { renderTicket } from '../ticket-resource.ts';
import { readUploadForm } from '../upload-form.ts';
import type { V3Operation } from '../v3-operation.ts';

/** Takes a file into My Files: answers with the Asset, or with a Ticket where the file is processed first. */
export const createDivisionAsset: V3Operation = {
  method: 'POST',
  path: '/divisions/{id}/assets.json',
  run(request, state) {
    const owner = ownerOfDivision(state, request.id);
    const { file, ...wanted } = readUploadForm(request.form, state.switches);
    const { md5, sha256, size, contentType, filename } = file;
    const now = state.timestamp();
    const asset: PersonalAsset = {
      id: state.newId(),
      slug: randomUUID(),
      ...wanted,
      originalName: filename,
      md5,
      sha256,
      size,
      contentType,
      createdAt: now,
      uploadedAt: now,
    };
    assertFits(owner, file);
    assertNew(state, owner, asset);
    const code = state.switches.uploadStatus;
    if (needsProcessing(state, file)) {
      const ticket = startTicket(state, owner, asset, file);
      return { code, response: renderTicket(state, ticket), location: linkTo('tickets', ticket.id) };
    }
    owner.myFiles.assets.push(asset);
    state.touch('user', owner.id);
    const location = linkTo('assets', asset.id);
    return { code, response: renderPersonalAsset(asset, owner.myFiles), location };
  },
};
