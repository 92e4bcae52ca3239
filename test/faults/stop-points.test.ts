import { chains } from './chains.ts';
import { isWhole } from './sampled.ts';
import { testStopPoints } from './stop-points-part.ts';

/** `npm test` kills the upsert of a file here and there; `npm run faults`, and so CI, kills and freezes every flow. */
const [{ source, name, flows }] = chains;
const killedFlows = isWhole ? flows : flows.slice(0, 1);
const frozen = isWhole ? [{ source, name: 'frozen', flows: flows.slice(0, 2) }] : [];

testStopPoints([{ source, name, flows: killedFlows }], frozen);
