import * as z from 'zod';

const logSchema = z.looseObject({
  timestamp: z.string().optional(),
  level: z.string(),
  message: z.string(),
});

/** What every line of the structured log carries and a person at a terminal need not see. */
const technicalKeys = new Set([
  'timestamp',
  'level',
  'message',
  'service',
  'cold_start',
  'function_arn',
  'function_memory_size',
  'function_name',
  'function_request_id',
  'sampling_rate',
  'stack',
  'traceId',
  'xray_trace_id',
]);

/**
 * A structured log line as one line for a person: time, level, message, then what it is about.
 * Metrics yield nothing; what is no structured log line stays as it is.
 */
export function readableLine(line: string): string | undefined {
  if (!line.startsWith('{')) return line;
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  if (typeof entry === 'object' && entry !== null && '_aws' in entry) return undefined;
  const parsed = logSchema.safeParse(entry);
  if (!parsed.success) return line;
  const { timestamp = '', level, message, ...fields } = parsed.data;
  const time = /T([\d:.]+)Z?/.exec(timestamp)?.[1] ?? '';
  const details = Object.entries(fields)
    .filter(([key, value]) => !technicalKeys.has(key) && value !== null && value !== undefined)
    .map(([key, value]) => `${key}=${detail(value)}`);
  return [time, level.padEnd(5), message, ...details].filter((part) => part !== '').join(' ');
}

const errorSchema = z.looseObject({ name: z.string(), message: z.string() });

function detail(value: unknown): string {
  const { success: isError, data: error } = errorSchema.safeParse(value);
  if (isError) return JSON.stringify(`${error.name}: ${error.message}`);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"]+$/.test(text) || typeof value === 'object' ? text : JSON.stringify(text);
}
