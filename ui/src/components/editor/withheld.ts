/** The marks of values that are withheld because they look like secrets. */
import {
  Decoration,
  type DecorationSet,
  EditorView,
  MatchDecorator,
  ViewPlugin,
  type ViewUpdate,
  WidgetType,
} from "@codemirror/view";

/** Stands in the mark of a value that is another one by now, before the version that had it. */
const EARLIER = " of version ";

class Withheld extends WidgetType {
  constructor(readonly key: string) {
    super();
  }
  override eq(other: Withheld) {
    return other.key === this.key;
  }
  override toDOM() {
    const mark = document.createElement("span");
    mark.className = "cm-withheld";
    const [name, version] = this.key.split(EARLIER);
    mark.textContent = version ? `●●●● as in version ${version}` : "●●●● withheld";
    mark.title = version
      ? `The value of ${name} was another one in version ${version}. It looked like a secret, so it was not kept.`
      : `The value of ${name} looks like a secret. It is put back when the text is saved.`;
    return mark;
  }
}

const marks = new MatchDecorator({
  regexp: /⟦withheld:([^⟧]*)⟧/g,
  decoration: (match) => Decoration.replace({ widget: new Withheld(match[1] ?? "") }),
});

/** The marks of values that are withheld, as one sign each: they cannot be torn apart by an edit. */
export const withheld = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = marks.createDeco(view);
    }
    update(update: ViewUpdate) {
      this.decorations = marks.updateDeco(update, this.decorations);
    }
  },
  {
    decorations: (plugin) => plugin.decorations,
    provide: (plugin) =>
      EditorView.atomicRanges.of((view) => view.plugin(plugin)?.decorations ?? Decoration.none),
  },
);
