import { randomUUID } from 'node:crypto';
import type { ConnectorClient, SourceEvent } from './connector-client.ts';
import { sampleContent } from './content.ts';
import type { Content } from './content.ts';
import { newWatched } from './delivery.ts';
import type { Watched } from './delivery.ts';
import type { FileServer } from './file-server.ts';
import type { Person } from './person.ts';
import { assetsOf, tagNamesOf } from './showpad-view.ts';
import type { ShowpadAsset, ShowpadView } from './showpad-view.ts';

/** The two editions of the data sheet whose life is told. */
export interface Datasheets {
  readonly first: Content;
  readonly second: Content;
}

/** An event of the story, on its way. */
export interface Step extends Watched {
  readonly event: SourceEvent;
}

export type StepName = 'created' | 'changed' | 'archived' | 'restored' | 'newVersion' | 'late' | 'webPage';
export type Steps = Readonly<Record<StepName, Step>>;

/** What Showpad held of the data sheet when the step had ended. */
export interface Snapshot {
  readonly asset: ShowpadAsset | undefined;
  readonly tagNames: readonly string[];
}
export type Snapshots = Readonly<Record<Exclude<StepName, 'webPage'>, Snapshot>>;

export const datasheetSubject = 'datasheets/flow-200';
export const webPageSubject = 'pages/flow-200';
export const webPageUrl = 'https://www.aldervane.example/flow-200';
export const personsTag = 'Favourite of Jo';
const minuteMs = 60_000;

export async function readDatasheets(): Promise<Datasheets> {
  const [first, second] = await Promise.all([
    sampleContent('flow-200-brochure.pdf'),
    sampleContent('flow-200-brochure-edition-2.pdf'),
  ]);
  return {
    first: { ...first, fileName: 'flow-200-data-sheet.pdf' },
    second: { ...second, fileName: 'flow-200-data-sheet-edition-2.pdf' },
  };
}

/** Every event of the story, in the order in which they are sent. */
export function newSteps(datasheets: Datasheets, files: FileServer, now: number = Date.now()): Steps {
  const step = (
    title: string,
    { type, subject = datasheetSubject, minutesAgo, data, size }: Draft,
  ): Step => ({
    ...newWatched(title, size),
    event: { eventId: randomUUID(), type, subject, time: new Date(now - minutesAgo * minuteMs), data },
  });
  const fileOf = (content: Content): object => {
    const { mediaType, size, md5, sha256 } = content;
    return { url: files.urlOf(content), name: 'flow-200-data-sheet.pdf', mediaType, size, md5, sha256 };
  };
  return {
    created: step('Flow 200 data sheet.pdf', {
      type: 'asset.upsert',
      minutesAgo: 10,
      size: datasheets.first.size,
      data: {
        file: fileOf(datasheets.first),
        metadata: {
          name: 'Flow 200 data sheet.pdf',
          description: 'A draft of the technical data.',
          tags: ['Flow 200', 'Data sheet', 'Draft'],
          languages: ['en', 'de'],
          countries: ['GB', 'DE'],
          permissions: { isAnnotatable: false },
        },
      },
    }),
    changed: step('Flow 200 data sheet.pdf, approved', {
      type: 'asset.metadata',
      minutesAgo: 6,
      data: {
        metadata: { description: 'The technical data, approved.' },
        tags: { add: ['Approved'], remove: ['Draft'] },
      },
    }),
    archived: step('Flow 200 data sheet.pdf, archived', { type: 'asset.archive', minutesAgo: 5, data: {} }),
    restored: step('Flow 200 data sheet.pdf, restored', { type: 'asset.restore', minutesAgo: 4, data: {} }),
    newVersion: step('Flow 200 data sheet.pdf, edition 2', {
      type: 'asset.upsert',
      minutesAgo: 2,
      size: datasheets.second.size,
      data: { file: fileOf(datasheets.second) },
    }),
    // Held up on its way: told before the sheet was approved.
    late: step('Flow 200 data sheet.pdf, late news', {
      type: 'asset.metadata',
      minutesAgo: 8,
      data: {
        metadata: {
          description: 'A draft that has been read.',
          countries: ['GB', 'DE', 'AT'],
          isSensitive: true,
        },
      },
    }),
    webPage: step('Flow 200 product page.url', {
      type: 'asset.upsert',
      subject: webPageSubject,
      minutesAgo: 3,
      data: {
        url: webPageUrl,
        metadata: { name: 'Flow 200 product page.url', tags: ['Flow 200', 'Web'], languages: ['en'] },
      },
    }),
  };
}

interface Draft {
  readonly type: string;
  readonly subject?: string;
  readonly minutesAgo: number;
  readonly data: object;
  readonly size?: number;
}

interface Stage {
  readonly connector: ConnectorClient;
  readonly showpad: ShowpadView;
  readonly person: Person;
  readonly onChange: (step: Step) => void;
}

/**
 * The life of a data sheet in the library, an event at a time, and of a web page beside it.
 * @throws {Error} when the connector does not accept an event, or Showpad a person's tag
 */
export async function tellMetadataStory(steps: Steps, stage: Stage): Promise<Snapshots> {
  const webPage = finish(steps.webPage, stage);
  // Waited for at the end, beside which the other steps may fail.
  webPage.catch(() => undefined);
  const created = await look(steps.created, stage);
  if (created.asset !== undefined) await stage.person.tagAsset(created.asset.id, personsTag);
  const snapshots = {
    created,
    changed: await look(steps.changed, stage),
    archived: await look(steps.archived, stage),
    restored: await look(steps.restored, stage),
    newVersion: await look(steps.newVersion, stage),
    late: await look(steps.late, stage),
  };
  await webPage;
  return snapshots;
}

async function look(step: Step, stage: Stage): Promise<Snapshot> {
  await finish(step, stage);
  const library = await stage.showpad.library();
  const [asset] = assetsOf(library, step.event.subject);
  return { asset, tagNames: asset === undefined ? [] : tagNamesOf(asset, library) };
}

async function finish(step: Step, { connector, onChange }: Stage): Promise<void> {
  step.state = 'sent';
  step.sentAtMs = performance.now();
  onChange(step);
  const { jobId } = await connector.send(step.event);
  step.job = await connector.follow(jobId, (job) => {
    if (job.state === step.state) return;
    step.state = job.state;
    step.job = job;
    onChange(step);
  });
}
