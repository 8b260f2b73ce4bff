/**
 * The part of `deno doc --json` that the checks read.
 *
 * @module
 */

import type { DocMembers, DocType, DocTypeParam } from "./doc_type.ts";
import { ROOT } from "./project.ts";

/** A tag of a doc comment. */
export interface DocTag {
  /** Its name: `param`, `return`, `example`, `public` and so on. */
  readonly kind: string;
  /** What a `param` tag is about. */
  readonly name?: string;
  /** Its text. */
  readonly doc?: string;
  /** The value of a `default` tag. */
  readonly value?: string;
}

/** A doc comment. */
export interface JsDoc {
  /** The text before the tags. */
  readonly doc?: string;
  /** The tags. */
  readonly tags?: readonly DocTag[];
}

/** A parameter; `assign` and `rest` hold the one that has the name. */
export interface DocParam {
  /** `identifier`, `assign`, `rest`, `object` or `array`. */
  readonly kind: string;
  /** The name of an identifier. */
  readonly name?: string;
  /** What a default is given to. */
  readonly left?: DocParam;
  /** What takes the rest. */
  readonly arg?: DocParam;
  /** Whether `?` follows the name. */
  readonly optional?: boolean;
  /** The type, where it is written. */
  readonly tsType?: DocType;
}

/** A function, or the part of a method or constructor that is like one. */
export interface DocFunction {
  /** The parameters in order. */
  readonly params?: readonly DocParam[];
  /** The return type; constructors and some setters have none. */
  readonly returnType?: DocType | undefined;
  /** The type parameters. */
  readonly typeParams?: readonly DocTypeParam[];
  /** Whether it is more than a declaration. */
  readonly hasBody?: boolean;
}

/** A property, method, constructor or accessor. */
export interface DocMember extends DocFunction {
  /** The name. */
  readonly name: string;
  /** What kind of member it is. */
  readonly kind?: string;
  /** The doc comment. */
  readonly jsDoc?: JsDoc;
  /** `private` or `protected`. */
  readonly accessibility?: string;
  /** The function of a class's method. */
  readonly functionDef?: DocFunction;
  /** The type of a property. */
  readonly tsType?: DocType;
  /** Whether it may be absent. */
  readonly optional?: boolean;
  /** Whether it is for reading alone. */
  readonly readonly?: boolean;
  /** Whether it belongs to the class itself. */
  readonly isStatic?: boolean;
  /** Whether a subclass has to write it. */
  readonly isAbstract?: boolean;
}

/** Where something stands; lines and columns count from 0. */
export interface DocLocation {
  /** The address of the file. */
  readonly filename: string;
  /** The line. */
  readonly line: number;
  /** The column. */
  readonly col: number;
}

/** What a symbol is. */
export interface DocDefinition extends DocFunction, DocMembers {
  /** What a `reference` stands for: the declaration that it exports again. */
  readonly target?: DocLocation;
  /** What a class extends, by name, or what an interface does. */
  readonly extends?: string | readonly DocType[];
  /** The type arguments of what a class extends. */
  readonly superTypeParams?: readonly DocType[];
  /** What a class implements. */
  readonly implements?: readonly DocType[];
  /** What a type alias or a variable is. */
  readonly tsType?: DocType;
  /** `const`, `let` or `var`. */
  readonly kind?: string;
  /** Whether a class has to be extended. */
  readonly isAbstract?: boolean;
}

/** One declaration of a symbol. */
export interface DocDeclaration {
  /** Where it stands. */
  readonly location: DocLocation;
  /** `export`, `private` or `declare`. */
  readonly declarationKind: string;
  /** `function`, `class`, `interface`, `typeAlias`, `variable` and so on; `reference` for what is exported again. */
  readonly kind: string;
  /** The doc comment. */
  readonly jsDoc?: JsDoc;
  /** What it is. */
  readonly def?: DocDefinition;
}

/** A symbol. */
export interface DocSymbol {
  /** The name. */
  readonly name: string;
  /** Its declarations: several for overloads, and where a type and a value share a name. */
  readonly declarations: readonly DocDeclaration[];
}

/** What one file exports. */
export interface DocFile {
  /** The doc comment of the module. */
  readonly module_doc?: JsDoc;
  /** The symbols. */
  readonly symbols?: readonly DocSymbol[];
}

/** The files, by address. */
export type DocFiles = Readonly<Record<string, DocFile>>;

/**
 * Documents files.
 *
 * @param files Paths from `root`; none give an empty result.
 * @param root The folder to run in.
 * @returns What the files export.
 */
export async function documentFiles(files: readonly string[], root: string = ROOT): Promise<DocFiles> {
  if (files.length === 0) return {};
  const command = new Deno.Command(Deno.execPath(), { args: ["doc", "--json", ...files], cwd: root });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`Cannot document ${files.join(", ")}: ${new TextDecoder().decode(stderr)}`);
  const output: { readonly nodes: DocFiles } = JSON.parse(new TextDecoder().decode(stdout));
  return output.nodes;
}
