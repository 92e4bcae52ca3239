import type { Asset } from '../lib/showpad/assets.ts';
import type { Division } from '../lib/showpad/divisions.ts';
import type { FileRecord } from '../lib/showpad/files.ts';
import type { TagCategory } from '../lib/showpad/tag-categories.ts';
import type { Tag } from '../lib/showpad/tags.ts';
import type { User } from '../lib/showpad/users.ts';
import type { Column } from './output.ts';

export const assetColumns: readonly Column<Asset>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'TYPE', cell: ({ type }) => type },
  { title: 'STATUS', cell: ({ status }) => status },
  { title: 'ARCHIVED', cell: ({ isArchived }) => (isArchived ? 'yes' : 'no') },
  { title: 'BYTES', align: 'right', cell: ({ size }) => size },
  { title: 'TAGS', align: 'right', cell: ({ tags }) => tags?.length ?? 0 },
  { title: 'EXTERNAL ID', cell: ({ externalId }) => externalId },
];

export const fileColumns: readonly Column<FileRecord>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'STATUS', cell: ({ status }) => status },
  { title: 'CREATED', cell: ({ createdAt }) => createdAt },
  { title: 'ERROR', cell: ({ error }) => error },
];

export const tagColumns: readonly Column<Tag>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'DIVISION', cell: ({ division }) => division?.id },
  { title: 'CATEGORIES', align: 'right', cell: ({ tagCategories }) => tagCategories?.length ?? 0 },
];

export const tagCategoryColumns: readonly Column<TagCategory>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'DIVISION', cell: ({ division }) => division?.id },
  { title: 'PARENT', cell: ({ parent }) => parent?.id },
  { title: 'PUBLISHED', cell: ({ isPublished }) => (isPublished ? 'yes' : 'no') },
];

export const divisionColumns: readonly Column<Division>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'SHARES ASSETS', cell: ({ isAssetSharingEnabled }) => (isAssetSharingEnabled ? 'yes' : 'no') },
];

export const userColumns: readonly Column<User>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'E-MAIL', cell: ({ email }) => email },
  { title: 'FIRST NAME', cell: ({ firstName }) => firstName },
  { title: 'LAST NAME', cell: ({ lastName }) => lastName },
];
