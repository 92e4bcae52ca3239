import { chains } from './chains.ts';
import { testStopPoints } from './stop-points-part.ts';

/** Also in `npm test`: what ends with an asset gone. */
const isWhole = process.env['FAULTS'] === 'all';

testStopPoints(isWhole ? chains.slice(1) : chains.slice(1, 2), []);
