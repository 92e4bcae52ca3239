import { testCampaignPart } from './campaign-part.ts';

testCampaignPart(1, 2);
