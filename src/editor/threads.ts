/** What the threads of the server have in common. */

/**
 * Trees are built anew with every keystroke, and most of what that makes lives only until they are done. In the young generation
 * that V8 has by itself, half of the time would go to collecting it.
 */
export const resourceLimits = { maxYoungGenerationSizeMb: 192 };
