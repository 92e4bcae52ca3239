import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that change modules, clocks or the process for whatever would come after them. */
const alone = [
  'test/unit/{apply-tag,receive-*,handlers*,lines-of-work,source-allowance,local-*}.test.ts',
  'test/unit/stall-watchdog.test.ts',
  'test/corpus/{bodies,queue-*,signatures,vendor-signatures}.test.ts',
  'test/faults/**/*.test.ts',
];
const small = ['test/{unit,corpus,contract,documents}/**/*.test.ts', 'test/*.test.ts'];
const stories = ['test/integration/**/*.test.ts'];

/** Files that wait, or compute, for longest: begun last, they would be waited for alone. */
const longest =
  /\/(?:power-cut|local-start|build|template|push-kill-points|aborted-uploads|back-pressure|upload-link|my-files-tickets|metadata|overtaken-writes|inbox|never-two|demo|near-timeout|map|tokens|shuffle|permissions)\.test\.ts$/;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => longest.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const computing = { maxWorkers: 4, sequence: { groupOrder: 0 } };
/** The stories mostly wait for delayed messages: more of them than cores go side by side. */
const waiting = { maxWorkers: 7, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { ...computing, name: 'small', include: small, exclude: alone, isolate: false },
      },
      { extends: true, test: { ...computing, name: 'alone', include: alone } },
      { extends: true, test: { ...waiting, name: 'stories', include: stories, isolate: false } },
    ],
  },
});
