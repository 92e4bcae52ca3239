import type { assumptions as known } from './usage.ts';

/** How the bill comes about, in the words in which it is printed. */
export function formula(
  { assets, bytesPerAsset }: { readonly assets: number; readonly bytesPerAsset: number },
  assumptions: typeof known,
): readonly string[] {
  const { showpadCallSeconds, awsCallSeconds, ownWorkSeconds, overheadSeconds, bytesPerSecond } = assumptions;
  const { looks, platformLogBytes, stagedHours, callsInAClaim } = assumptions;
  const ms = (seconds: number): string => `${seconds * 1_000} ms`;
  return [
    'How it comes about: for each function f, with n messages for an asset and b of them in an invocation,',
    '  cost(f)  = n/b × (request + 2 SQS + memory × busy) + n × (SQS + writes + reads + S3 + logs) + n/b × logs of Lambda',
    '  busy(f)  = overhead + waiting + b × (own work + bytes / rate)',
    '  waiting  = AWS calls × a + Showpad calls × s, less the own work: the messages of a batch wait side by side',
    '  C(1,000) = 1,000 × (API request + Σ cost(f) + bytes × hours staged × S3)',
    `Counted, with one message for each invocation, in a local run of ${assets}: calls, messages, units, log lines.`,
    `Assumed: s = ${showpadCallSeconds} s, a = ${ms(awsCallSeconds)}, own work ${ms(ownWorkSeconds)} a call, overhead ${ms(overheadSeconds)}, rate ${bytesPerSecond / 1e6} MB/s, bytes ${bytesPerAsset / 1e6} MB,`,
    `  ${looks} looks at a file until it is usable, ${stagedHours} h staged, ${platformLogBytes} bytes of log by Lambda itself for each invocation.`,
    'At once: files are staged and uploaded in full batches, since events come faster than files; looks in as many as',
    "  each of Lambda's 5 pollers gathers in PollGatherSeconds at the pace of ShowpadRequestsPerSecond; and of the calls of",
    `  a batch ${callsInAClaim} share a claim of the pace (at most 4 do). One by one: b = 1.`,
    'Not in it: cold starts, waiting for a turn when Showpad is busier than its pace, tries that fail, storage of the table.',
  ];
}
