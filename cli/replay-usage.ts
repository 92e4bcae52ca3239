export const replayUsage = `Usage: npm run replay -- [OPTIONS]

Has jobs of the connector tried again. It works from the jobs, which are kept for 45 days, not from the dead-letter
queues. What is done already is not done again: to replay everything twice changes nothing.

Options:
  --state STATE    failed (the default), or one that is not an end: received, staging, staged, uploading, applying,
                   processing; those get the message of their next step once more
  --reason CODE    only jobs that failed for this reason, or with a recipient that did
  --source NAME    only jobs of this source
  --since WHEN     only jobs that have changed since: 30m, 2h, 7d, or an ISO time
  --limit N        at most N jobs, the newest first; all by default
  --rate N         at most N jobs a second, up to 50; 10 by default
  --dry-run        shows the jobs and counts them by reason, and does nothing
  --json           one JSON object instead of tables and sentences
  --help           this text

Which connector:
  CONNECTOR_URL is the ApiUrl of a deployed stack; requests are signed with your AWS credentials, which need
  execute-api:Invoke. The region is that of the address, else AWS_REGION.
  CONNECTOR_READY_FILE is the file that a local system wrote: npm start -- --ready-file FILE.

Examples:
  npm run replay -- --reason DEAD_LETTER --since 2h --dry-run
  npm run replay -- --state processing --source dam
  npm run --silent replay -- --reason SOURCE_UNREACHABLE --json > replayed.json

Exit codes: 0 done, 1 something could not be tried again, 2 wrong usage, 130 stopped by Ctrl-C.`;
