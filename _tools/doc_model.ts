/**
 * The part of `deno doc --json` that the checks read.
 *
 * @module
 */

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

/** A type parameter. */
export interface DocTypeParam {
  /** Its name. */
  readonly name: string;
  /** What stands behind `extends`. */
  readonly constraint?: DocType;
  /** What stands behind `=`. */
  readonly default?: DocType;
}

/** A call or index signature. */
export interface DocSignature {
  /** The parameters; of an index signature its key. */
  readonly params: readonly DocParam[];
  /** What it gives. */
  readonly tsType?: DocType;
  /** The type parameters. */
  readonly typeParams?: readonly DocTypeParam[];
  /** Whether an index signature is for reading alone. */
  readonly readonly?: boolean;
}

/** What has members: an interface, or an object's type. */
export interface DocMembers {
  /** `new (…)`, or a class's constructors. */
  readonly constructors?: readonly DocMember[];
  /** The methods and accessors. */
  readonly methods?: readonly DocMember[];
  /** The properties. */
  readonly properties?: readonly DocMember[];
  /** What it is when called. */
  readonly callSignatures?: readonly DocSignature[];
  /** What any other key holds. */
  readonly indexSignatures?: readonly DocSignature[];
}

/** A literal's value. */
export type DocLiteral =
  | { readonly kind: "string"; readonly string: string }
  | { readonly kind: "bigInt"; readonly string: string }
  | { readonly kind: "number"; readonly number: number }
  | { readonly kind: "boolean"; readonly boolean: boolean }
  | { readonly kind: "template"; readonly tsTypes: readonly DocType[] };

/** Whether a mapped type adds a modifier, takes it away, or leaves it. */
export type Modifier = boolean | "+" | "-";

/** What a type is, and the parts of it. */
type DocTypeParts =
  | { readonly kind: "keyword"; readonly value: string }
  | { readonly kind: "literal"; readonly value: DocLiteral }
  | {
    readonly kind: "typeRef";
    readonly value: {
      readonly typeName: string;
      readonly typeParams?: readonly DocType[];
      readonly resolution?: { readonly kind: string };
    };
  }
  | { readonly kind: "union" | "intersection" | "tuple"; readonly value: readonly DocType[] }
  | { readonly kind: "array" | "optional" | "rest" | "parenthesized"; readonly value: DocType }
  | { readonly kind: "typeOperator"; readonly value: { readonly operator: string; readonly tsType: DocType } }
  | {
    readonly kind: "fnOrConstructor";
    readonly value: DocSignature & { readonly constructor: boolean; readonly tsType: DocType };
  }
  | { readonly kind: "typeLiteral"; readonly value: DocMembers }
  | {
    readonly kind: "conditional";
    readonly value: {
      readonly checkType: DocType;
      readonly extendsType: DocType;
      readonly trueType: DocType;
      readonly falseType: DocType;
    };
  }
  | { readonly kind: "infer"; readonly value: { readonly typeParam: DocTypeParam } }
  | {
    readonly kind: "mapped";
    readonly value: {
      readonly readonly?: Modifier;
      readonly optional?: Modifier;
      readonly typeParam: DocTypeParam;
      readonly nameType?: DocType;
      readonly tsType?: DocType;
    };
  }
  | { readonly kind: "indexedAccess"; readonly value: { readonly objType: DocType; readonly indexType: DocType } }
  | {
    readonly kind: "typePredicate";
    readonly value: {
      readonly asserts?: boolean;
      readonly param: { readonly type: string; readonly name?: string };
      readonly type?: DocType;
    };
  }
  | { readonly kind: "typeQuery"; readonly value: string }
  | {
    readonly kind: "importType";
    readonly value: {
      readonly specifier: string;
      readonly qualifier?: string;
      readonly typeParams?: readonly DocType[];
    };
  }
  | { readonly kind: "this"; readonly value?: undefined };

/** A type; `repr` is it in words, where it has a name. */
export type DocType = { readonly repr?: string } & DocTypeParts;

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
 * Names a declaration; one that is exported again stands where it was declared.
 *
 * @param declaration The declaration.
 * @returns Where it was declared.
 */
export function idOf({ location, def }: DocDeclaration): string {
  const { filename, line, col } = def?.target ?? location;
  return `${filename}:${line}:${col}`;
}

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
