import type { Evidence, Finding } from './evidence.ts';
import { personsTag, webPageSubject, webPageUrl } from './metadata-story.ts';
import type { Snapshot } from './metadata-story.ts';
import { assetsOf, requestsAbout, tagNamesOf } from './showpad-view.ts';
import { unless } from './unless.ts';

/** What the life of the data sheet and of the web page shows, going by what Showpad held after each step. */
export function metadataFindings(evidence: Evidence): Finding[] {
  return [
    ended(evidence),
    tags(evidence),
    archive(evidence),
    version(evidence),
    late(evidence),
    webPage(evidence),
  ];
}

function ended({ steps }: Evidence): Finding {
  return {
    title: 'Metadata',
    text: `${Object.values(steps).length} events on one data sheet and one web page, each carried out`,
    faults: Object.values(steps).flatMap(({ title, state, expected, job }) => {
      const why = job?.error ? ` (${job.error.code}: ${job.error.message})` : '';
      return unless(state === expected, `the job of ${title} is ${state} instead of ${expected}${why}`);
    }),
  };
}

function tags({ told }: Evidence): Finding {
  const { created, changed } = told.snapshots;
  return {
    title: 'Tags by name',
    text: `“Approved” came and “Draft” went, and “${personsTag}”, which a person had set in Showpad, stayed`,
    faults: [
      ...differs('tags when new', created.tagNames, ['Data sheet', 'Draft', 'Flow 200']),
      ...differs('tags', changed.tagNames, ['Approved', 'Data sheet', personsTag, 'Flow 200']),
      ...differs('languages when new', codes(created, 'languages'), ['de', 'en']),
      ...differs('countries when new', codes(created, 'countries'), ['DE', 'GB']),
    ],
  };
}

function archive({ told }: Evidence): Finding {
  const { created, archived, restored } = told.snapshots;
  return {
    title: 'Archive, restore',
    text: 'archived, and back as the same asset with all that it had',
    faults: [
      ...differs('archived mark after the archive', archived.asset?.isArchived, true),
      ...differs('archived mark after the restore', restored.asset?.isArchived, false),
      ...differs('asset id', restored.asset?.id, created.asset?.id),
      ...differs('tags after the restore', restored.tagNames, archived.tagNames),
      ...differs('file after the restore', restored.asset?.currentFile, archived.asset?.currentFile),
    ],
  };
}

function version({ told, datasheets }: Evidence): Finding {
  const { restored, newVersion } = told.snapshots;
  return {
    title: 'Kept metadata',
    text: 'edition 2 came as a file alone: same asset, new bytes, every tag, locale and right as before',
    faults: [
      ...differs('asset id', newVersion.asset?.id, restored.asset?.id),
      ...differs('MD5', newVersion.asset?.checksum, datasheets.second.md5),
      ...differs('number of files', newVersion.asset?.files.length, 2),
      ...differs('metadata after edition 2', metadataOf(newVersion), metadataOf(restored)),
    ],
  };
}

function late({ told }: Evidence): Finding {
  const { newVersion, late: after } = told.snapshots;
  return {
    title: 'Late news',
    text: 'an older event set what no newer one had set (a mark, a country), not the description, and kept the file',
    faults: [
      ...differs('description', after.asset?.description, 'The technical data, approved.'),
      ...differs('sensitive mark', after.asset?.isSensitive, true),
      ...differs('countries', codes(after, 'countries'), ['AT', 'DE', 'GB']),
      ...differs('tags', after.tagNames, newVersion.tagNames),
      ...differs('MD5', after.asset?.checksum, newVersion.asset?.checksum),
    ],
  };
}

function webPage({ library, requests }: Evidence): Finding {
  const [asset, ...others] = assetsOf(library, webPageSubject);
  const about = asset === undefined ? [] : requestsAbout(asset, requests);
  const forFiles = about.filter(({ listener, path }) => listener === 'upload' || path.includes('/files'));
  return {
    title: 'Web page',
    text: 'an address became a URL asset, with its tags and without any file',
    faults: [
      ...differs('number of assets', others.length + (asset === undefined ? 0 : 1), 1),
      ...differs('type', asset?.type, 'url'),
      ...differs('address', asset?.url, webPageUrl),
      ...differs('name', asset?.name, 'Flow 200 product page.url'),
      ...differs('tags', asset && tagNamesOf(asset, library), ['Flow 200', 'Web']),
      ...differs('number of calls for files', forFiles.length, 0),
    ],
  };
}

function metadataOf({ asset, tagNames }: Snapshot): object {
  const { name, description, languages, countries, permissions, isArchived } = asset ?? {};
  return { name, description, languages, countries, permissions, isArchived, tagNames };
}

function codes({ asset }: Snapshot, list: 'languages' | 'countries'): string[] {
  return (asset?.[list] ?? []).map(({ code }) => code).toSorted();
}

function differs(what: string, actual: unknown, expected: unknown): string[] {
  const [is, mustBe] = [JSON.stringify(actual), JSON.stringify(expected)];
  return unless(is === mustBe, `its ${what} is ${is} instead of ${mustBe}`);
}
