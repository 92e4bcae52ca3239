import { randomUUID } from 'node:crypto';

export interface Schedule {
  readonly functionName: string;
  /** `rate(5 minutes)`; cron expressions are left to AWS. */
  readonly expression: string;
  /** The JSON that the function gets instead of EventBridge's own event. */
  readonly input?: string;
}

const unitSeconds: Record<string, number> = { second: 1, minute: 60, hour: 3600, day: 86_400 };

/** @throws {Error} on anything but a rate: the local stack has no cron. */
export function rateMs(expression: string): number {
  const [, amount = '', unit = ''] = /^rate\((\d+) (second|minute|hour|day)s?\)$/.exec(expression) ?? [];
  const seconds = Number(amount) * (unitSeconds[unit] ?? 0);
  if (seconds > 0) return seconds * 1000;
  throw new Error(
    `The schedule ${expression} is not a rate such as rate(5 minutes), all that the local stack knows.`,
  );
}

/** Invokes functions at their rates; answers with the way to stop that. */
export function startSchedules(
  schedules: readonly Schedule[],
  region: string,
  invoke: (functionName: string, event: unknown) => Promise<unknown>,
): () => void {
  const timers = schedules.map(({ functionName, expression, input }) =>
    setInterval(() => {
      const event: unknown =
        input === undefined ? scheduledEvent(functionName, region, new Date()) : JSON.parse(input);
      void invoke(functionName, event);
    }, rateMs(expression)),
  );
  return () => timers.forEach((timer) => clearInterval(timer));
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html */
export function scheduledEvent(functionName: string, region: string, time: Date): Record<string, unknown> {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: time.toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [`arn:aws:events:${region}:000000000000:rule/${functionName}`],
    detail: {},
  };
}
