import { readFile } from 'node:fs/promises';
import { billOfThousand, totalOf } from './bill.ts';
import { countWork } from './count-work.ts';
import prices from './prices.json' with { type: 'json' };
import { sharesOf } from './shares.ts';
import { readTemplateSettings } from './template-settings.ts';
import { usageOf } from './usage.ts';
const c = await countWork({ assets: 20, bytesPerAsset: 10_000_000 });
console.log(c);
const settings = readTemplateSettings(await readFile('template.yaml', 'utf8'));
for (const isAtOnce of [true, false]) {
  let t = 0;
  for (const [name, share] of sharesOf(c, settings, 10_000_000, isAtOnce)) {
    const l = billOfThousand(usageOf(share, 1e7), prices);
    t += totalOf(l);
    console.log(
      name,
      share.batch,
      totalOf(l).toFixed(4),
      JSON.stringify(
        Object.fromEntries(l.map((x) => [x.what, +x.amount.toFixed(2) + ' $' + x.dollars.toFixed(4)])),
      ),
    );
  }
  console.log(t);
}
