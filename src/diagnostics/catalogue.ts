/** Every diagnostic: its stable code, how serious it is, and its title. `docs/diagnostics.md` has a section for each. */

export type Severity = "error" | "warning" | "note";

export const catalogue = {
  N0101: { severity: "error", title: "a character that is no part of the language" },
  N0102: { severity: "error", title: "the text does not follow the grammar" },
  N0103: { severity: "error", title: "a text beyond the stated limits" },

  N0201: { severity: "error", title: "a name that nothing defines" },
  N0202: { severity: "error", title: "a name defined twice" },
  N0203: { severity: "error", title: "a module that cannot be found" },
  N0204: { severity: "error", title: "a module that does not define the name" },
  N0205: { severity: "error", title: "definitions that use themselves" },
  N0206: { severity: "error", title: "an argument that has no parameter" },
  N0207: { severity: "error", title: "a parameter without a value" },
  N0208: { severity: "error", title: "a value of the wrong kind" },
  N0209: { severity: "error", title: "a part that the value does not have" },
  N0210: { severity: "error", title: "a statement that does not belong here" },

  N0301: { severity: "error", title: "an axis that the tensor does not have" },
  N0302: { severity: "error", title: "one axis with two extents" },
  N0303: { severity: "error", title: "elements of the wrong type" },
  N0304: { severity: "error", title: "a group without a normalization policy" },
  N0305: { severity: "error", title: "a group with two normalization policies" },
  N0306: { severity: "error", title: "a group that the stack does not have" },
  N0307: { severity: "error", title: "an extent that cannot be known" },
  N0308: { severity: "error", title: "an extent that does not divide" },
  N0309: { severity: "error", title: "a path that leads nowhere" },
  N0310: { severity: "error", title: "an axis that would stand twice" },
  N0311: { severity: "error", title: "an update of something that is no state" },
  N0312: { severity: "error", title: "a stated gradient of the wrong type" },
  N0313: { severity: "error", title: "a loss that is no single number" },
  N0314: { severity: "error", title: "a model without a loss" },
  N0315: { severity: "error", title: "a number out of its range" },
  N0316: { severity: "error", title: "an initializer that does not fit" },

  N0401: { severity: "error", title: "statistics over one value" },
  N0402: { severity: "warning", title: "statistics over two values" },
  N0403: { severity: "error", title: "a norm that erases its group" },
  N0404: { severity: "warning", title: "a group that is the same in every example" },
  N0405: { severity: "warning", title: "statistics that see the future" },
  N0406: { severity: "error", title: "per-example gradients of a model that couples examples" },
  N0407: { severity: "note", title: "weight decay on weights whose scale a norm removes" },
  N0408: { severity: "warning", title: "a deep post-norm stack without warm-up" },
  N0409: { severity: "warning", title: "a state that evaluation never reads" },

  N0501: { severity: "error", title: "a recipe without a necessary line" },
  N0502: { severity: "error", title: "a line of a recipe given twice" },
  N0503: { severity: "error", title: "a selector that selects nothing" },
  N0504: { severity: "error", title: "no single recipe to run" },
  N0505: { severity: "error", title: "a stage that does not fit the model" },
  N0506: { severity: "error", title: "a map of names that does not fit" },

  N0601: { severity: "error", title: "a program beyond the stated limits" },
} as const satisfies Record<string, { severity: Severity; title: string }>;

export type Code = keyof typeof catalogue;
