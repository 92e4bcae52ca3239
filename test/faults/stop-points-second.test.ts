import { chains } from './chains.ts';
import { testStopPoints } from './stop-points-part.ts';

testStopPoints(chains.slice(1), []);
