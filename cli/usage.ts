export const usage = `Usage: npm run showpad -- COMMAND [OPTIONS]

Reads what a Showpad organisation holds; changes nothing.

Commands:
  assets list [--tag TAG] [--division DIVISION] [--name TEXT] [--external-id ID] [--id ID] [--slug SLUG]
  assets get ASSET_ID
  files list ASSET_ID
  query 'SHOWQL'
  tags list [--division DIVISION] [--name TEXT] [--exact-name NAME] [--category CATEGORY] [--id ID]
  tag-categories list [--division DIVISION] [--id ID]
  divisions list
  users list [--email ADDRESS] [--id ID]

TAG, DIVISION and CATEGORY are a name or an id. --name finds parts of names. --tag, --division, --external-id, --id,
--slug, --category and --email may be given several times; an asset must then have all of the tags.
Archived assets are in the answers.

Options:
  --limit N  at most N items, or --limit all; 100 by default
  --json     one JSON array, or one object for get, instead of a table
  --jsonl    one JSON object a line, as they come
  --help     this text

Which Showpad is read:
  SHOWPAD_V4_URL with SHOWPAD_TOKEN is an organisation of yours; SHOWPAD_CREDENTIALS='{"grant":"password",
  "clientId":"…","clientSecret":"…","username":"…","password":"…"}' logs in instead.
  CONNECTOR_READY_FILE is the file that a local system wrote: npm start -- --ready-file FILE.

Examples:
  CONNECTOR_READY_FILE=ready.json npm run showpad -- assets list --tag Brochure --division Marketing
  npm run showpad -- query 'type = "video" AND archivedAt IS EMPTY ORDER BY createdAt DESC' --limit 20
  npm run --silent showpad -- tags list --division Sales --json > tags.json

Exit codes: 0 done, 1 failed, 2 wrong usage.`;
