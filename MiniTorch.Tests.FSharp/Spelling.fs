/// What C# writes as collection expressions, spans and numbers.
[<AutoOpen>]
module MiniTorch.Tests.FSharp.Spelling

open System
open MiniTorch
open MiniTorch.Nn

let shape (sizes: int list) : Shape = Shape.op_Implicit (Array.ofList sizes)
let dims (values: int list) = ReadOnlySpan<int>(Array.ofList values)
let at (indices: TensorIndex list) = ReadOnlySpan<TensorIndex>(Array.ofList indices)
let index (i: int) : TensorIndex = TensorIndex.op_Implicit i
let number (x: float) : Scalar = Scalar.op_Implicit x
let parameters (model: Module) : Tensor seq = Seq.cast (model.Parameters())
