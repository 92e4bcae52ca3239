// Every five minutes → what has fallen between the steps is found, and healed or failed with a reason.
import { scheduleHandler } from '../lib/handlers.ts';
import { sweepStaged, sweepUploads } from '../lib/sweep-bucket.ts';
import { sweepDeadLetters } from '../lib/sweep-dead-letters.ts';
import { sweepJobs } from '../lib/sweep-jobs.ts';
import { sweepSilence } from '../lib/sweep-silence.ts';
import { runSweep } from '../lib/sweep.ts';

/**
 * The only one that touches what nobody else will. Safe at any time, twice at once, and when it dies anywhere; each
 * part is bounded, and goes on the next time where it had to stop.
 */
export const handler = scheduleHandler((invocation) =>
  runSweep(invocation, [
    // A job whose message is a dead letter has failed: nobody sends that message again.
    sweepDeadLetters,
    // Events that were never wholly accepted fail; messages that were lost are sent again, and with them tickets and
    // files that are past their deadline fail; leases that would last for ever are ended.
    sweepJobs,
    sweepUploads,
    sweepStaged,
    // Sources from which nothing comes any more are counted, for an alarm.
    sweepSilence,
  ]),
);
