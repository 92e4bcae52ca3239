import type { ServerResponse } from 'node:http';
import * as z from 'zod';
import { clientOf, json, startServer } from './showpad-client-server.ts';

interface Named {
  readonly id: string;
  readonly name: string;
  readonly division?: { readonly id: string };
}

/** What a Showpad organisation holds that names can stand for; `tags` and `categories` change with the calls. */
export interface Directory {
  readonly divisions?: readonly Named[];
  readonly users?: readonly { readonly id: string; readonly email: string }[];
  readonly tags?: Named[];
  readonly categories?: Named[];
  /** Answers a call itself, `POST /tags` for example, and then says true. */
  readonly instead?: (operation: string, response: ServerResponse) => boolean;
}

const created = z.object({ name: z.string(), division: z.object({ id: z.string() }) });

/** A Showpad that knows lists by name, whose tags come and go; `calls` tells the methods and paths it was asked. */
export async function startDirectory({
  divisions = [],
  users = [],
  tags = [],
  categories = [],
  instead = () => false,
}: Directory) {
  const calls: string[] = [];
  const lists = {
    '/divisions': [...divisions],
    '/users': [...users],
    '/tags': tags,
    '/tag-categories': categories,
  };
  const server = await startServer((response, { method, url, body }) => {
    const path = url.replace(/^\/v4|\?.*$/g, '');
    const operation = `${method} ${path}`;
    calls.push(operation);
    if (instead(operation, response)) return;
    const list = path === '/tags' ? tags : path === '/tag-categories' ? categories : null;
    if (method === 'POST' && list !== null) {
      const { name, division } = created.parse(JSON.parse(body));
      if (list.some((one) => one.name === name && (one.division?.id ?? division.id) === division.id)) {
        json(response, 409, { title: 'Conflict', detail: 'There is one of this name.', status: 409 });
        return;
      }
      const made = { id: `${path.slice(1)}-${list.length + 1}`, name, division };
      list.push(made);
      json(response, 201, made);
      return;
    }
    if (method === 'DELETE') {
      const index = tags.findIndex(({ id }) => path === `/tags/${id}`);
      if (index === -1)
        json(response, 404, { title: 'Missing Resource', detail: 'There is none.', status: 404 });
      else response.writeHead(204).end();
      if (index !== -1) tags.splice(index, 1);
      return;
    }
    if (method === 'POST') {
      json(response, 200, { id: path.split('/')[2], name: 'a category' });
      return;
    }
    const items = Object.entries(lists).find(([name]) => name === path)?.[1] ?? [];
    json(response, 200, { count: items.length, items });
  });
  return {
    url: server.url,
    client: clientOf(server.url, { random: () => 0 }),
    requests: server.requests,
    calls,
    count: (operation: string) => calls.filter((call) => call === operation).length,
  };
}
