import { chains } from './chains.ts';
import { isWhole } from './sampled.ts';
import { testStopPoints } from './stop-points-part.ts';

/** Also in `npm test`: an asset that is a link. */
const [, { source, name, flows }] = chains;

const first = { source, name, flows: flows.slice(0, 1) };

testStopPoints(isWhole ? chains.slice(1) : [first], [], [{ ...first, name: 'slow' }]);
