/** How much of an image a model is given, and when it is given none. */

/** The wishes a model's provider knows. */
export type ImageDetail = 'auto' | 'low' | 'high' | 'original';

/** What a model can take in. */
export interface ModelInput {
  readonly inputModalities: readonly string[];
  readonly supportsImageDetailOriginal: boolean;
}

/** An item of a call's output as the Responses API takes it. */
export type OutputItem =
  | { readonly type: 'input_text'; readonly text: string }
  | { readonly type: 'input_image'; readonly image_url: string; readonly detail?: ImageDetail }
  | { readonly type: 'input_audio'; readonly audio_url: string };

/** `detail` as a model takes it: `original` is dropped where it is not supported. */
export function normalizeImageDetail(
  supportsOriginal: boolean,
  detail: ImageDetail | null,
): ImageDetail | null {
  return detail === 'original' && !supportsOriginal ? null : detail;
}

/** `items` with every `original` lowered to `high`, unless originals may be asked for. */
export function sanitizeImageDetail(
  canRequestOriginal: boolean,
  items: readonly OutputItem[],
): readonly OutputItem[] {
  if (canRequestOriginal) return items;
  return items.map((item) =>
    item.type === 'input_image' && item.detail === 'original' ? { ...item, detail: 'high' } : item,
  );
}

/** The details an MCP server can wish for an image. */
const wishes: readonly string[] = ['auto', 'low', 'high', 'original'] satisfies ImageDetail[];

const isWish = (value: unknown): value is ImageDetail =>
  typeof value === 'string' && wishes.includes(value);

/**
 * The detail of an MCP server's image, or null when the image cannot be sent with the wished one.
 * With the unified budget a model that supports originals always gets them, whatever was wished.
 */
export function mcpImageDetail(
  wish: unknown,
  { supportsOriginal, unifiedImageBudget }: DetailFacts,
): ImageDetail | null {
  if (unifiedImageBudget && supportsOriginal) return 'original';
  if (!isWish(wish)) return 'high';
  if (wish === 'low') return null;
  return normalizeImageDetail(supportsOriginal, wish) ?? 'high';
}

/** What decides about a detail, beside the wish. */
export interface DetailFacts {
  readonly supportsOriginal: boolean;
  /** The host's feature of this name; on by default. */
  readonly unifiedImageBudget: boolean;
}

/** The detail of a client's image; a client has no say in it. */
export function dynamicImageDetail({
  supportsOriginal,
  unifiedImageBudget,
}: DetailFacts): ImageDetail {
  return unifiedImageBudget && supportsOriginal ? 'original' : 'high';
}
