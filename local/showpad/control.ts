import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { Answer } from './answer.ts';
import { renderFile } from './asset-resource.ts';
import { sendPart } from './fault-actions.ts';
import { faultSchema, type Fault, type Faults } from './faults.ts';
import { Problem } from './problem.ts';
import { readJson } from './read-json.ts';
import type { RequestLog } from './request-log.ts';
import type { ShowpadState } from './showpad-state.ts';
import { switchesSchema } from './switches.ts';
import { renderTag } from './tag-resource.ts';

const basePath = '/_emulator/';

interface Controlled {
  readonly state: ShowpadState;
  readonly faults: Faults;
  readonly log: RequestLog;
}

/**
 * What the emulator offers to other processes besides Showpad's API: GET state; GET and DELETE requests
 * (`?after=SEQUENCE`); GET, POST and DELETE faults, DELETE faults/{id}; GET and PATCH switches; DELETE tokens, which
 * revokes the access tokens that were issued.
 */
export function createControl(
  controlled: Controlled,
): (request: IncomingMessage, response: ServerResponse, url: URL) => boolean {
  return (request, response, url) => {
    if (!url.pathname.startsWith(basePath)) return false;
    void respond(controlled, request, response, url);
    return true;
  };
}

async function respond(
  { state, faults, log }: Controlled,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  let answer: Answer;
  try {
    const body = await readJson(request);
    state.scheduler.advance();
    const [resource = '', id] = url.pathname.slice(basePath.length).split('/');
    answer = run({ state, faults, log }, `${request.method ?? ''} ${resource}`, { id, body, url });
  } catch (error) {
    const problem = error instanceof z.ZodError ? Problem.fromZod(error) : error;
    if (!(problem instanceof Problem)) {
      response.destroy();
      if (request.complete) throw error;
      return;
    }
    answer = problem.toAnswer(state.switches);
  }
  sendPart(response, answer, Infinity);
}

function run(
  { state, faults, log }: Controlled,
  operation: string,
  { id, body, url }: { id: string | undefined; body: unknown; url: URL },
): Answer {
  switch (operation) {
    case 'GET state':
      return { status: 200, json: renderState(state) };
    case 'GET requests': {
      const after = Number(url.searchParams.get('after') ?? 0);
      return { status: 200, json: { items: log.records.filter(({ sequence }) => sequence > after) } };
    }
    case 'DELETE requests':
      log.clear();
      return { status: 204 };
    case 'GET faults':
      return { status: 200, json: { items: faults.list().map(renderFault) } };
    case 'POST faults':
      return { status: 201, json: renderFault(faults.add(faultSchema.parse(body))) };
    case 'DELETE faults':
      if (id === undefined) faults.clear();
      else
        faults
          .list()
          .find((fault) => String(fault.id) === id)
          ?.remove();
      return { status: 204 };
    case 'DELETE tokens':
      state.oauth.revokeAccessTokens();
      return { status: 204 };
    case 'GET switches':
      return { status: 200, json: state.switches };
    case 'PATCH switches':
      Object.assign(state.switches, switchesSchema.partial().parse(body));
      state.changes.notify();
      return { status: 200, json: state.switches };
    default:
      throw new Problem(404);
  }
}

function renderFault({ id, action, hits }: Fault): object {
  return { id, action, hits };
}

function renderState(state: ShowpadState): object {
  const renderAssets = (assets: Iterable<Parameters<ShowpadState['render']>[0]>) =>
    [...assets].map((asset) => ({
      ...state.render(asset),
      files: asset.files.map((file) => ({
        ...renderFile(file),
        contentMD5: file.contentMD5,
        uploads: file.uploads.map(({ head: _head, ...upload }) => upload),
      })),
    }));
  return {
    divisions: [...state.divisions.values()],
    tags: [...state.tags.values()].map(renderTag),
    tagCategories: [...state.tagCategories.values()],
    users: [...state.users.values()],
    tickets: [...state.tickets.values()],
    assets: renderAssets(state.assets.values()),
    deletedAssets: renderAssets(state.deletedAssets),
  };
}
