export const sendUsage = `Usage: npm run send -- --subject ID --url URL [OPTIONS]

Sends one signed event to the connector, and says what became of it. The same event sent twice, with the same --id,
has no second effect.

Options:
  --source NAME       the source it is signed as; demo by default
  --subject ID        the source's own id of the piece of content
  --type TYPE         asset.upsert (the default), asset.metadata, asset.archive, asset.restore or asset.delete
  --url URL           where the connector fetches the file
  --name FILE         the file's name with its extension; by default the last part of the URL
  --division DIVISION its name, or its id of 32 digits
  --tag TAG           may be given several times
  --description TEXT
  --event FILE        the event as JSON instead: a whole CloudEvent, or only its type, subject and data; - reads it
                      from the standard input. Every type can be sent so
  --id ID             the event's id; a fresh one by default
  --wait              follows the job to its end
  --json              one JSON object instead of sentences
  --help              this text

Which connector, and the source's signing secret:
  CONNECTOR_URL is the ApiUrl of a deployed stack, and CONNECTOR_SECRET one of the secrets of the source. With --wait
  requests are signed with your AWS credentials too, which need execute-api:Invoke.
  CONNECTOR_READY_FILE is the file that a local system wrote: npm start -- --ready-file FILE. It holds the secret.

Examples:
  npm run send -- --source dam --subject brochure-2026 --url https://dam.example/b.pdf --name Brochure.pdf --wait
  npm run send -- --source dam --subject brochure-2026 --type asset.archive
  npm run send -- --source dam --event event.json

Exit codes: 0 accepted (with --wait: and not failed), 1 not accepted or failed, 2 wrong usage, 130 stopped by Ctrl-C.`;
