import { pollers } from './bill.ts';
import type { Counted } from './count-work.ts';
import type { FunctionSettings, TemplateSettings } from './template-settings.ts';
import { assumptions, busySeconds, type Share } from './usage.ts';
import type { Work } from './work.ts';

/**
 * What each function does for one asset, by its name.
 * @param isAtOnce whether so many assets come together that batches fill; else each message comes alone
 */
export function sharesOf(
  { works, pendingLook, lastLook }: Counted,
  { functions, requestsPerSecond }: TemplateSettings,
  bytesPerAsset: number,
  isAtOnce: boolean,
): ReadonlyMap<string, Share> {
  const looks = assumptions.looks;
  const look = mix(pendingLook, lastLook, looks);
  const all = [...works, ['poll-processing', look] as const].map(([name, work]): [string, Share] => {
    const settings = settingsOf(functions, name);
    const times = name === 'poll-processing' ? looks : 1;
    // Events come faster than files are staged, and files are staged faster than uploaded: full batches wait for both.
    const batch = isAtOnce && settings.windowSeconds === 0 ? settings.batchSize : 1;
    return [name, { settings, work, times, batch }];
  });
  const shares = new Map(all);
  const upload = shares.get('upload-asset');
  if (!isAtOnce || upload === undefined) return shares;

  const calls = all.reduce((sum, [, { work, times }]) => sum + work.showpadCalls * times, 0);
  const { maximumConcurrency } = upload.settings;
  const uploadsPerSecond = Math.min(
    requestsPerSecond / calls,
    (maximumConcurrency * upload.batch) / busySeconds(upload, bytesPerAsset),
  );
  for (const [name, share] of all) {
    const { windowSeconds, batchSize } = share.settings;
    // Each of Lambda's pollers gathers its share of what comes within the window.
    const gathered = 1 + (uploadsPerSecond * share.times * windowSeconds) / pollers;
    if (windowSeconds > 0) shares.set(name, { ...share, batch: Math.min(batchSize, gathered) });
  }
  return shares;
}

function settingsOf(functions: TemplateSettings['functions'], name: string): FunctionSettings {
  const settings = functions.get(name);
  if (settings === undefined) throw new Error(`The template has no function ${name}.`);
  return settings;
}

/** The average of so many looks, the last of which finds the file usable. */
function mix(pending: Work, last: Work, looks: number): Work {
  const entries = Object.entries(last).map(([what, amount]: [string, number]) => {
    const other = pending[what as keyof Work];
    return [what, (amount + (looks - 1) * other) / looks] as const;
  });
  return { ...last, ...Object.fromEntries(entries) };
}
