import { describe, expect, it } from 'vitest';
import { outcomeText } from '../../lib/outcome-topic.ts';
import { announcedEnd, outcomeOf, outcomeSchema, type EndedJob } from '../../lib/outcome.ts';
import type { Job, JobState } from '../../lib/jobs.ts';
import type { PersonalUpload, Push } from '../../lib/personal-uploads.ts';
import { jobError } from '../../lib/reasons.ts';
import { laid } from './arbitrary-events.ts';

const at = '2026-11-30T09:00:00.000Z';
const error = jobError('FILE_EMPTY', 'It is empty.');

function jobIn(state: JobState, more: Partial<Job> = {}): Job {
  return {
    id: 'job_1',
    eventId: 'event-1',
    source: 'dam',
    subject: 'a',
    key: 'dam:a',
    type: 'asset.upsert',
    state,
    order: laid('a', 1, 'asset.archive', {}).order,
    wishes: ['content'],
    defaults: {},
    attempts: 0,
    error: state === 'failed' ? error : null,
    showpad: { assetId: '1' },
    createdAt: at,
    updatedAt: at,
    ...more,
  };
}
const ended = (more: Partial<Job> = {}) => jobIn('done', more) as EndedJob;

describe('an end that was announced', () => {
  it.each(['done', 'failed', 'superseded'] as const)('is there when the job is %s', (state) => {
    const job = jobIn(state);
    expect(announcedEnd(job, undefined)).toBe(job);
  });

  it.each(['received', 'staging', 'applying', 'processing'] as const)(
    'may still come while the job is %s',
    (state) => {
      expect(announcedEnd(jobIn(state), undefined)).toBe('open');
      expect(announcedEnd(jobIn(state, { reopening: 'second' }), 'second')).toBe('open');
    },
  );

  it('is none when the job was ignored', () => {
    expect(announcedEnd(jobIn('ignored'), undefined)).toBe('overtaken');
  });

  it.each(['received', 'processing', 'done'] as const)(
    'is the failure from which the job was brought back, and which is now %s',
    (state) => {
      const failedAt = '2026-11-29T09:00:00.000Z';
      const job = jobIn(state, { reopening: 'second', lastFailure: { at: failedAt, error } });
      expect(announcedEnd(job, undefined)).toMatchObject({ state: 'failed', error, updatedAt: failedAt });
    },
  );

  it('is told by the message of a later failure, when there was one', () => {
    const lastFailure = { at, error, reopening: 'second' };
    const job = jobIn('done', { reopening: 'third', lastFailure });
    expect(announcedEnd(job, undefined)).toBe('overtaken');
    expect(announcedEnd(job, 'second')).toMatchObject({ state: 'failed' });
    expect(announcedEnd(job, 'third')).toBe(job);
  });
});

describe('an outcome', () => {
  const recipients = Array.from({ length: 500 }, (_, index) => `person-${index}@example.com`);
  const push: Push = {
    jobId: 'job_1',
    recipients,
    file: { url: 'https://dam.example/a.pdf?token=hunter2', name: 'a.pdf' },
    name: 'a.pdf',
    folder: '/',
    onConflict: 'fail',
    onProcessingFailed: 'fail',
  };
  const uploadsWith = (id: string): PersonalUpload[] =>
    recipients.map((_, index) => ({
      index,
      state: index === 0 ? 'failed' : 'done',
      assetId: id,
      ticketId: id,
      error: index === 0 ? error : null,
      polls: 0,
    }));

  it('has the id of its job and state, and says no more than the schema', () => {
    const outcome = outcomeOf(ended({ retriedAt: at, lastFault: undefined as never }), 'prod');
    expect(outcome).toMatchObject({ id: 'job_1-done', source: '/showpad-connector/prod', subject: 'dam:a' });
    expect(outcomeSchema.strict().parse(outcome)).toEqual(outcome);
  });

  it('of 500 recipients names none of them, and fits into a message', () => {
    const outcome = outcomeOf(ended({ type: 'myfiles.upload' }), 'prod', push, uploadsWith('f'.repeat(32)));
    const text = outcomeText(outcome);
    expect(Buffer.byteLength(text)).toBeLessThan(256 * 1_024);
    expect(outcomeSchema.parse(JSON.parse(text)).data.recipients).toMatchObject({
      total: 500,
      done: 499,
      failed: 1,
      list: expect.arrayContaining([
        { index: 0, state: 'failed', assetId: 'f'.repeat(32), ticketId: 'f'.repeat(32), code: 'FILE_EMPTY' },
      ]),
    });
    expect(text).not.toMatch(/@|hunter2/);
  });

  it('that would be too large for SNS says how many, and leaves the list out', () => {
    const outcome = outcomeOf(ended({ type: 'myfiles.upload' }), 'prod', push, uploadsWith('字'.repeat(200)));
    const text = outcomeText(outcome);
    expect(Buffer.byteLength(text)).toBeLessThan(256 * 1_024);
    expect(outcomeSchema.parse(JSON.parse(text)).data.recipients).toEqual({
      total: 500,
      done: 499,
      failed: 1,
      list: null,
    });
  });

  it('with the longest of everything else fits into a message too', () => {
    const long = (length: number) => '字'.repeat(length);
    const job = jobIn('failed', {
      eventId: long(512),
      subject: long(1_024),
      key: `dam:${long(1_024)}`,
      error: { ...error, message: long(20_000) },
    }) as EndedJob;
    const text = outcomeText(outcomeOf(job, 'prod'));
    expect(Buffer.byteLength(text)).toBeLessThan(32 * 1_024);
    expect(outcomeSchema.parse(JSON.parse(text)).data.error?.message).toMatch(/…$/);
  });

  it('has no character that a queue would refuse, whatever its subject is', () => {
    const subject = 'a\uFFFEb\uFFFFc“\u{1F600}';
    const text = outcomeText(outcomeOf(ended({ subject, key: `dam:${subject}` }), 'prod'));
    expect(text).not.toMatch(/[\uFFFE\uFFFF]/);
    expect(outcomeSchema.parse(JSON.parse(text)).data.subject).toBe(subject);
  });
});
