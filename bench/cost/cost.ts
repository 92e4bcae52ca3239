// `npm run cost`: what a thousand assets cost on AWS, from what a local run of some really asks for.
import { textTable } from '../../local/text-table.ts';
import { billOfThousand, totalOf, transferSurcharges } from './bill.ts';
import { measureUsage } from './measure-usage.ts';
import prices from './prices.json' with { type: 'json' };

const load = { assets: 20, bytesPerAsset: 10_000_000 };
const money = (dollars: number): string => `$${dollars.toFixed(4)}`;

const usage = await measureUsage(load);
const lines = billOfThousand(usage, prices);
const rows = [
  ...lines.map((line) => ({ ...line, amount: formatAmount(line.amount) })),
  { what: 'together', amount: '', unit: '', dollars: totalOf(lines) },
];
const table = textTable(rows, [
  { title: 'what', align: 'left', cell: ({ what }) => what },
  { title: 'for 1,000', align: 'right', cell: ({ amount }) => amount },
  { title: 'unit', align: 'left', cell: ({ unit }) => unit },
  { title: 'cost', align: 'right', cell: ({ dollars }) => money(dollars) },
]);
const surcharges = transferSurcharges(usage, prices).map(
  ({ what, dollars }) => `  ${money(dollars)} ${what}`,
);
console.log(
  [
    `1,000 new assets of ${load.bytesPerAsset / 1e6} MB in ${prices.region}, at the prices of ${prices.asOf}, counted in a local run of ${load.assets}:`,
    '',
    ...table,
    '',
    'Outside the region that the upload links lead to, or behind a NAT gateway, 1,000 assets cost more:',
    ...surcharges,
    '',
    `A month costs ${money(2 * prices.secretMonth)} for the two secrets, and what empty polls of the queues take.`,
    'Calls, messages, units and log lines are counted. A function is taken to be busy for 0.4 s with a call to Showpad,',
    'for 10 ms with one to AWS, and with bytes at 40 MB/s.',
  ].join('\n'),
);

function formatAmount(amount: number): string {
  return amount.toLocaleString('en-US', { maximumFractionDigits: amount < 10 ? 4 : 0 });
}
