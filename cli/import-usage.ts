export const importUsage = `Usage: npm run import -- FILE --source NAME [OPTIONS]
       npm run import -- --watch ID

Brings a whole library: every row of a manifest, CSV or JSON Lines, becomes an event of the source. The file is checked
first, and nothing is sent while any row is wrong. The import runs in the connector: Ctrl-C leaves it running.

Options:
  --source NAME    the source whose assets these are
  --plan           says what would happen with each row, in how many calls and how long, and writes nothing
  --skip-invalid   imports the rows that are right, where others are wrong
  --watch ID       shows an import that is under way
  --result FOLDER  where the result files are put; by default in the current folder
  --json           JSON Lines instead of tables and sentences
  --help           this text

Columns (an empty cell leaves a field alone, null clears it; lists are separated by semicolons, or JSON):
  subject          the source's own id of the content; needed, and each may stand once
  url              where the file is fetched from; or
  key              its key in the inbox bucket, files/NAME/…; or
  link             the address of a URL asset; without any of them a row changes metadata only
  name, fileName, mediaType, size, md5, sha256, division, description, tags, languages, countries, authors,
  isShareable, isAnnotatable, isEditable, expiresAt, releasedAt, and every other metadata field of an event
With an md5, or the sha256 it was brought with, a file that Showpad has already is not even fetched.

Which connector:
  CONNECTOR_URL is the ApiUrl of a deployed stack; requests are signed with your AWS credentials, which need
  execute-api:Invoke. The region is that of the address, else AWS_REGION.
  CONNECTOR_READY_FILE is the file that a local system wrote: npm start -- --ready-file FILE.

Examples:
  npm run import -- library.csv --source dam --plan
  npm run import -- library.csv --source dam
  npm run --silent import -- library.jsonl --source dam --plan --json > plan.jsonl

Exit codes: 0 done, 1 the file is wrong or some rows failed, 2 wrong usage, 130 stopped by Ctrl-C.`;
