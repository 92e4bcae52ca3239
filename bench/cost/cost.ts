// `npm run cost`: what a thousand assets cost on AWS, from what a local run of some really asks for.
import { readFile } from 'node:fs/promises';
import { textTable } from '../../local/text-table.ts';
import { billOfThousand, monthlyBase, sumOf, totalOf, transferSurcharges, type BillLine } from './bill.ts';
import { countWork } from './count-work.ts';
import { formula } from './formula.ts';
import prices from './prices.json' with { type: 'json' };
import { sharesOf } from './shares.ts';
import { readTemplateSettings } from './template-settings.ts';
import { assumptions, usageOf, type Share } from './usage.ts';

const load = { assets: 20, bytesPerAsset: 10_000_000 };
const money = (dollars: number): string => `$${dollars.toFixed(4)}`;
const billOf = (share: Share): readonly BillLine[] =>
  billOfThousand(usageOf(share, load.bytesPerAsset), prices);

const template = await readFile(new URL('../../template.yaml', import.meta.url), 'utf8');
const settings = readTemplateSettings(template);
const counted = await countWork(load);
const atOnce = sharesOf(counted, settings, load.bytesPerAsset, true);
const alone = sharesOf(counted, settings, load.bytesPerAsset, false);
const bill = sumOf([...atOnce.values()].map(billOf));
const billAlone = sumOf([...alone.values()].map(billOf));
const total = totalOf(bill);

const lines = [
  ...bill.map(({ what, amount, unit, dollars }, index) => {
    return { what, amount: formatAmount(amount), unit, dollars, alone: billAlone[index]?.dollars ?? 0 };
  }),
  { what: 'together', amount: '', unit: '', dollars: total, alone: totalOf(billAlone) },
];
const functions = [...atOnce].map(([name, share]) => {
  const usage = usageOf(share, load.bytesPerAsset);
  return { name, share, usage, dollars: totalOf(billOf(share)) };
});
const sweepSettings = settings.functions.get('sweep');
if (sweepSettings === undefined) throw new Error('The template has no function sweep.');
const sweep = usageOf({ settings: sweepSettings, work: counted.sweep, times: 1, batch: 1 }, 0);
const base = monthlyBase(settings, { customMetrics: counted.customMetrics, sweep }, prices);
const look = billOf({
  ...atOnceShare('poll-processing'),
  work: counted.pendingLook,
  times: 1,
});
const traces = functions.reduce((sum, { share }) => sum + share.times, 0);
const surcharges = [
  ...transferSurcharges(load, prices),
  { what: 'for each further look at a file that Showpad processes for long', dollars: totalOf(look) },
  {
    what: 'X-Ray at most, when every invocation is traced (100,000 traces a month are free)',
    dollars: (1_000 * traces * prices.traceMillion) / 1e6,
  },
];

console.log(
  [
    `1,000 new assets of ${load.bytesPerAsset / 1e6} MB in ${prices.region}, at the prices of ${prices.asOf}, when they come at once, and one by one:`,
    '',
    ...textTable(lines, [
      { title: 'what', align: 'left', cell: ({ what }) => what },
      { title: 'for 1,000', align: 'right', cell: ({ amount }) => amount },
      { title: 'unit', align: 'left', cell: ({ unit }) => unit },
      { title: 'at once', align: 'right', cell: ({ dollars }) => money(dollars) },
      { title: 'one by one', align: 'right', cell: (line) => money(line.alone) },
    ]),
    '',
    'By function, at once:',
    '',
    ...textTable(functions, [
      { title: 'function', align: 'left', cell: ({ name }) => name },
      { title: 'runs', align: 'right', cell: ({ share }) => `${share.times} / ${share.batch.toFixed(1)}` },
      { title: 'GB-seconds', align: 'right', cell: ({ usage }) => usage.gigabyteSeconds.toFixed(3) },
      { title: 'SQS', align: 'right', cell: ({ usage }) => usage.queueRequests.toFixed(1) },
      { title: 'writes', align: 'right', cell: ({ usage }) => usage.writeUnits.toFixed(1) },
      { title: 'reads', align: 'right', cell: ({ usage }) => usage.readUnits.toFixed(1) },
      { title: 'log bytes', align: 'right', cell: ({ usage }) => usage.logBytes.toFixed(0) },
      { title: 'of 1,000', align: 'right', cell: ({ dollars }) => money(dollars) },
      { title: 'share', align: 'right', cell: ({ dollars }) => `${Math.round((100 * dollars) / total)} %` },
    ]),
    '',
    ...formula(load, assumptions),
    '',
    'What 1,000 assets cost more:',
    ...surcharges.map(({ what, dollars }) => `  ${money(dollars)} ${what}`),
    '',
    'What a month costs, whether anything happens or not:',
    ...base.map(({ what, dollars }) => `  $${dollars.toFixed(2)} ${what}`),
    `  $${base.reduce((sum, { dollars }) => sum + dollars, 0).toFixed(2)} together`,
  ].join('\n'),
);

function atOnceShare(name: string): Share {
  const share = atOnce.get(name);
  if (share === undefined) throw new Error(`Nothing was counted for ${name}.`);
  return share;
}

function formatAmount(amount: number): string {
  return amount.toLocaleString('en-US', { maximumFractionDigits: amount < 10 ? 4 : 0 });
}
