import type { Evidence, Finding } from './evidence.ts';
import { metadataFindings } from './metadata-findings.ts';
import { myFilesFindings } from './my-files-findings.ts';
import { requestsAbout } from './showpad-view.ts';
import { unless } from './unless.ts';

export function findingsOf(evidence: Evidence): Finding[] {
  return [
    deliveredTwice(evidence),
    newVersion(evidence),
    unchanged(evidence),
    outOfOrder(evidence),
    broken(evidence),
    ...metadataFindings(evidence),
    ...myFilesFindings(evidence),
    nothingTwice(evidence),
    nothingStuck(evidence),
  ];
}

function deliveredTwice({ deliveries, told, outcomes, requests }: Evidence): Finding {
  const [first, second] = told.pictureReceipts;
  const asset = outcomes.find(({ delivery }) => delivery === deliveries.picture)?.asset;
  const about = asset === undefined ? [] : requestsAbout(asset, requests);
  const uploads = about.filter(({ listener }) => listener === 'upload').length;
  return {
    title: 'Delivered twice',
    text: `the event of ${deliveries.picture.title} came again: 200 with the same job, one upload`,
    faults: [
      ...unless(first.status === 202, `the first delivery was answered with ${first.status}, not 202`),
      ...unless(second.status === 200, `the second delivery was answered with ${second.status}, not 200`),
      ...unless(second.jobId === first.jobId, `the second delivery made the job ${second.jobId} of its own`),
      ...unless(asset?.files.length === 1, `the asset has ${asset?.files.length ?? 'no'} files, not 1`),
      ...unless(asset === undefined || uploads === 1, `its bytes were uploaded ${uploads} times`),
    ],
  };
}

function newVersion({ deliveries }: Evidence): Finding {
  const [before, after] = [deliveries.brochure.job?.showpad, deliveries.brochureEdition2.job?.showpad];
  return {
    title: 'New version',
    text: `edition 2 of ${deliveries.brochure.title} is a new file of the same asset`,
    faults: [
      ...unless(typeof after?.assetId === 'string', 'edition 2 has no asset'),
      ...unless(
        after?.assetId === before?.assetId,
        `edition 2 went to the asset ${after?.assetId ?? 'none'}`,
      ),
      ...unless(after?.fileId !== before?.fileId, 'edition 2 made no new file'),
    ],
  };
}

function unchanged({ deliveries, told, files }: Evidence): Finding {
  const { brochureEdition2: before, brochureUnchanged: after } = deliveries;
  const calls = told.requestsForUnchanged;
  const fetched = files.requestsOf(after.publication.content);
  return {
    title: 'Published unchanged',
    text: 'a newer event with the same bytes and metadata: fetched, compared, and no call to Showpad',
    faults: [
      ...unless(calls === 0, `it caused ${calls} calls to Showpad`),
      ...unless(fetched === 2, `its file was fetched ${fetched} times for two events`),
      ...unless(
        after.job?.showpad.fileId === before.job?.showpad.fileId,
        'its file in Showpad is another one',
      ),
    ],
  };
}

function outOfOrder({ deliveries, outcomes, files }: Evidence): Finding {
  const { handout, handoutBefore } = deliveries;
  const asset = outcomes.find(({ delivery }) => delivery === handout)?.asset;
  const fetched = files.requestsOf(handoutBefore.publication.content);
  return {
    title: 'Out of order',
    text: 'the older event came after the newer: superseded, not even fetched, and the library shows the newer',
    faults: [
      ...unless(handoutBefore.state === 'superseded', `the older job is ${handoutBefore.state}`),
      ...unless(fetched === 0, `the older file was fetched ${fetched} times`),
      ...unless(
        asset?.checksum === handout.publication.content.md5,
        'the library does not show the newer file',
      ),
      ...unless(
        asset?.description === handout.publication.metadata.description,
        'the library does not show the newer description',
      ),
    ],
  };
}

function broken({ deliveries, outcomes }: Evidence): Finding {
  const error = deliveries.broken.job?.error;
  const asset = outcomes.find(({ delivery }) => delivery === deliveries.broken)?.asset;
  const reason = asset?.files.at(-1)?.error ?? undefined;
  return {
    title: 'Broken file',
    text: `the job of ${deliveries.broken.title} failed, as it must: ${error?.code ?? 'no code'}, “${reason ?? 'no reason'}”`,
    faults: [
      ...unless(error?.code === 'PROCESSING_FAILED', `its job gives ${error?.code ?? 'no reason code'}`),
      ...unless(reason !== undefined, 'Showpad could process it'),
      ...unless(
        reason !== undefined && error?.message.includes(reason) === true,
        "Showpad's reason is missing",
      ),
    ],
  };
}

function nothingTwice({ outcomes, steps, library }: Evidence): Finding {
  const published = outcomes.map(({ delivery }) => delivery.publication.subject);
  const subjects = new Set([...published, ...Object.values(steps).map(({ event }) => event.subject)]).size;
  const externalIds = new Set(library.assets.map(({ externalId }) => externalId)).size;
  const { length: assets } = library.assets;
  return {
    title: 'No duplicates',
    text: `${subjects} subjects, ${assets} assets, each found by its own external id`,
    faults: [
      ...unless(assets === subjects, `Showpad holds ${assets} assets for ${subjects} subjects`),
      ...unless(externalIds === assets, `${assets} assets share ${externalIds} external ids`),
    ],
  };
}

function nothingStuck({ deadLetters }: Evidence): Finding {
  return {
    title: 'Nothing stuck',
    text: 'every queue is empty, and so is every dead-letter queue',
    faults: deadLetters.map(({ queue, body }) => `${queue} holds a message: ${body}`),
  };
}
