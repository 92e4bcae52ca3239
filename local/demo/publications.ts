import { randomUUID } from 'node:crypto';
import { generatedContent, sampleContent } from './content.ts';
import type { Content } from './content.ts';

/** One thing that a source tells about one of its files. */
export interface Publication {
  readonly eventId: string;
  /** The source's own id of the content. */
  readonly subject: string;
  readonly time: Date;
  readonly content: Content;
  readonly metadata: {
    readonly name: string;
    readonly description: string;
    readonly tags: readonly string[];
    readonly languages: readonly string[];
    readonly countries: readonly string[];
  };
}

export type PublicationName =
  | 'pitchDeck'
  | 'priceList'
  | 'letter'
  | 'picture'
  | 'video'
  | 'recordings'
  | 'brochure'
  | 'brochureEdition2'
  | 'brochureUnchanged'
  | 'handout'
  | 'handoutBefore'
  | 'broken';
export type Publications = Readonly<Record<PublicationName, Publication>>;

const recordingsBytes = 200_000_000;
const minuteMs = 60_000;

/** What the sources of an instrument maker publish in the minutes before `now`. */
export async function readPublications(now: number = Date.now()): Promise<Publications> {
  const [brochure, edition2, deck, prices, letter, picture, video, broken, recordings] = await Promise.all([
    sampleContent('flow-200-brochure.pdf'),
    sampleContent('flow-200-brochure-edition-2.pdf'),
    sampleContent('flow-200-pitch-deck.pptx'),
    sampleContent('flow-200-price-list.xlsx'),
    sampleContent('flow-200-proposal-letter.docx'),
    sampleContent('flow-200-product.png'),
    sampleContent('flow-200-product-video.mp4'),
    sampleContent('corrupt-flow-200-brochure.pdf'),
    generatedContent('flow-200-field-recordings.bin', recordingsBytes),
  ]);
  const publish = (
    subject: string,
    content: Content,
    minutesAgo: number,
    metadata: Publication['metadata'],
  ): Publication => {
    const time = new Date(now - minutesAgo * minuteMs);
    return { eventId: randomUUID(), subject, time, content, metadata };
  };

  const brochureMetadata = {
    name: 'Flow 200 brochure.pdf',
    description: 'What the Flow 200 flow meter does, for whom, and what it costs to run.',
    tags: ['Flow 200', 'Brochure'],
    languages: ['en'],
    countries: ['GB', 'US', 'IE'],
  };
  const handoutMetadata = { ...brochureMetadata, name: 'Flow 200 handout.pdf' };
  return {
    pitchDeck: publish('decks/flow-200-pitch', deck, 9, {
      name: 'Flow 200 pitch deck.pptx',
      description: 'Five slides for the first meeting.',
      tags: ['Flow 200', 'Pitch'],
      languages: ['en'],
      countries: ['GB', 'US'],
    }),
    priceList: publish('prices/flow-200', prices, 9, {
      name: 'Flow 200 price list.xlsx',
      description: 'Net prices by quantity and region; internal.',
      tags: ['Flow 200', 'Prices', 'Internal'],
      languages: ['en', 'de'],
      countries: ['DE', 'AT', 'CH'],
    }),
    letter: publish('letters/flow-200-proposal', letter, 8, {
      name: 'Flow 200 proposal letter.docx',
      description: 'Proposal with an offer table, to be filled in.',
      tags: ['Flow 200', 'Proposal'],
      languages: ['en'],
      countries: ['GB', 'IE'],
    }),
    picture: publish('pictures/flow-200', picture, 8, {
      name: 'Flow 200 product picture.png',
      description: 'The Flow 200 on white, 1600 × 1000.',
      tags: ['Flow 200', 'Picture'],
      languages: ['en', 'fr', 'de'],
      countries: ['GB', 'FR', 'DE'],
    }),
    video: publish('videos/flow-200', video, 7, {
      name: 'Flow 200 product video.mp4',
      description: 'Twelve seconds: the meter, a look inside the pipe, a running readout.',
      tags: ['Flow 200', 'Video'],
      languages: ['en'],
      countries: ['US', 'CA'],
    }),
    recordings: publish('recordings/flow-200-field', recordings, 7, {
      name: 'Flow 200 field recordings.bin',
      description: 'Raw readings of a field trial, for the engineers of a customer.',
      tags: ['Flow 200', 'Field trial'],
      languages: ['en'],
      countries: ['NL', 'BE'],
    }),
    brochure: publish('brochures/flow-200', brochure, 6, brochureMetadata),
    brochureEdition2: publish('brochures/flow-200', edition2, 2, {
      ...brochureMetadata,
      description: 'Second edition: technical data and a third page.',
      tags: ['Flow 200', 'Brochure', 'New'],
    }),
    brochureUnchanged: publish('brochures/flow-200', edition2, 0, {
      ...brochureMetadata,
      description: 'Second edition: technical data and a third page.',
      tags: ['Flow 200', 'Brochure', 'New'],
    }),
    handout: publish('handouts/flow-200', { ...edition2, fileName: 'flow-200-handout-autumn.pdf' }, 3, {
      ...handoutMetadata,
      description: 'The handout for the autumn fairs.',
      tags: ['Flow 200', 'Trade fair', 'Autumn'],
    }),
    handoutBefore: publish('handouts/flow-200', { ...brochure, fileName: 'flow-200-handout-spring.pdf' }, 5, {
      ...handoutMetadata,
      description: 'The handout for the spring fairs.',
      tags: ['Flow 200', 'Trade fair', 'Spring'],
    }),
    broken: publish('brochures/flow-200-draft', broken, 4, {
      name: 'Flow 200 corrupt draft.pdf',
      description: 'A draft whose export was cut off half way.',
      tags: ['Flow 200', 'Brochure'],
      languages: ['en'],
      countries: ['GB'],
    }),
  };
}
