import prices from './prices.json' with { type: 'json' };
import type { TemplateSettings } from './template-settings.ts';

/** In dollars; prices.json says where and when. */
export type Prices = Omit<typeof prices, 'region' | 'currency' | 'asOf' | 'source'>;

/** What a number of assets used of everything that AWS charges for. */
export interface Usage {
  readonly assets: number;
  readonly bytesPerAsset: number;
  readonly httpRequests: number;
  readonly invocations: number;
  readonly gigabyteSeconds: number;
  readonly queueRequests: number;
  /** Messages that carry a group, each of which costs a little more. */
  readonly groupedMessages: number;
  /** Outcomes, each of at most 64 KiB. Who subscribes to them pays for their delivery. */
  readonly topicPublishes: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly objectWrites: number;
  readonly objectReads: number;
  /** How long staged bytes lie in the bucket. */
  readonly stagedHours: number;
  readonly logBytes: number;
}

export interface BillLine {
  readonly what: string;
  /** For a thousand assets. */
  readonly amount: number;
  readonly unit: string;
  readonly dollars: number;
}

const gigabyte = 1_000_000_000;
const hoursPerMonth = 730;
/** Lambda's pollers of a queue, and how often each asks in vain while nothing comes: a long poll takes 20 s. */
export const pollers = 5;
const receivesPerMinute = 3;
const sweepsPerHour = 12;

/** What a thousand assets cost, line by line, in dollars. */
export function billOfThousand(usage: Usage, prices: Prices): readonly BillLine[] {
  const scale = 1_000 / usage.assets;
  const line = (what: string, used: number, unit: string, price: number): BillLine => {
    const amount = used * scale;
    return { what, amount, unit, dollars: amount * price };
  };
  const stagedGigabyteMonths =
    ((usage.assets * usage.bytesPerAsset) / gigabyte) * (usage.stagedHours / hoursPerMonth);
  return [
    line('API Gateway', usage.httpRequests, 'requests', prices.apiMillionRequests / 1e6),
    line('Lambda requests', usage.invocations, 'invocations', prices.lambdaMillionRequests / 1e6),
    line('Lambda time', usage.gigabyteSeconds, 'GB-seconds', prices.lambdaGigabyteSecond),
    line('SQS', usage.queueRequests, 'requests', prices.queueMillionRequests / 1e6),
    line('SQS fair queues', usage.groupedMessages, 'messages', prices.fairQueueMillionRequests / 1e6),
    line('SNS', usage.topicPublishes, 'publishes', prices.topicMillionPublishes / 1e6),
    line('DynamoDB writes', usage.writeUnits, 'units', prices.tableMillionWriteUnits / 1e6),
    line('DynamoDB reads', usage.readUnits, 'units', prices.tableMillionReadUnits / 1e6),
    line('S3 writes', usage.objectWrites, 'requests', prices.bucketThousandWrites / 1e3),
    line('S3 reads', usage.objectReads, 'requests', prices.bucketThousandReads / 1e3),
    line('S3 storage', stagedGigabyteMonths, 'GB-months', prices.bucketGigabyteMonth),
    line('CloudWatch Logs', usage.logBytes / gigabyte, 'GB', prices.logGigabyte),
  ];
}

export function totalOf(lines: readonly BillLine[]): number {
  return lines.reduce((sum, { dollars }) => sum + dollars, 0);
}

/** The bills of several functions as one. */
export function sumOf(bills: readonly (readonly BillLine[])[]): readonly BillLine[] {
  const [first = [], ...others] = bills;
  return first.map((line, index) => ({
    ...line,
    amount: others.reduce((sum, bill) => sum + (bill[index]?.amount ?? 0), line.amount),
    dollars: others.reduce((sum, bill) => sum + (bill[index]?.dollars ?? 0), line.dollars),
  }));
}

/** What a month costs, whether anything happens or not. */
export function monthlyBase(
  settings: Pick<TemplateSettings, 'secrets' | 'polledQueues' | 'alarms' | 'dashboards'>,
  counted: { readonly customMetrics: number; readonly sweep: Usage },
  prices: Prices,
): readonly { readonly what: string; readonly dollars: number }[] {
  const { secrets, polledQueues, alarms, dashboards } = settings;
  const emptyReceives = polledQueues * pollers * receivesPerMinute * 60 * hoursPerMonth;
  const sweeps = sweepsPerHour * hoursPerMonth;
  const sweep = totalOf(billOfThousand(counted.sweep, prices)) / 1_000;
  return [
    { what: `${counted.customMetrics} custom metrics`, dollars: counted.customMetrics * prices.metricMonth },
    {
      what: `empty polls of ${polledQueues} queues, ${pollers} pollers each`,
      dollars: (emptyReceives * prices.queueMillionRequests) / 1e6,
    },
    { what: `${alarms} alarms`, dollars: alarms * prices.alarmMonth },
    { what: `${secrets} secrets`, dollars: secrets * prices.secretMonth },
    { what: `${dashboards} dashboards`, dollars: dashboards * prices.dashboardMonth },
    { what: `${sweeps} runs of the sweeper`, dollars: sweeps * sweep },
  ];
}

/** What it adds, for a thousand assets, when their bytes leave the region on their way to Showpad. */
export function transferSurcharges(
  { bytesPerAsset }: Pick<Usage, 'bytesPerAsset'>,
  prices: Prices,
): readonly { readonly what: string; readonly dollars: number }[] {
  const gigabytes = (1_000 * bytesPerAsset) / gigabyte;
  return [
    { what: 'to an upload link in another region of AWS', dollars: gigabytes * prices.gigabyteToOtherRegion },
    { what: 'to an upload link outside AWS', dollars: gigabytes * prices.gigabyteToInternet },
    // In from the source, and out to Showpad.
    {
      what: 'through a NAT gateway, in and out, on top of that',
      dollars: 2 * gigabytes * prices.gigabyteThroughNat,
    },
  ];
}
