import { testCampaignPart } from './campaign-part.ts';

testCampaignPart(0, 2);
