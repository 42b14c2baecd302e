namespace MiniTorch.Tests.FSharp

open System
open NUnit.Framework
open MiniTorch
open MiniTorch.Data
open MiniTorch.Nn
open MiniTorch.Optim

/// Layers are found in the fields that let bindings become; a let binding that no member uses is not a field.
type Mlp(inputs: int, hidden: int, classes: int) =
    inherit Module<Tensor, Tensor>()
    let fc1 = new Linear(inputs, hidden)
    let fc2 = new Linear(hidden, classes)
    override _.Forward(x: Tensor) = fc2.Call(fc1.Call(x).Tanh())

/// A parameter and a buffer of its own.
type Scaled(size: int) =
    inherit Module<Tensor, Tensor>()
    let scale = Parameter(Tensor.Ones(shape [ size ]))
    [<Buffer>]
    let mean = Tensor.Full(shape [ size ], number 0.5)
    override _.Forward(x: Tensor) = (x - mean) * scale * number 2.0

[<TestFixture>]
type TrainingTests() =

    let shouldBe (expected: 'T) (actual: 'T) = if actual <> expected then failwithf "expected %A, found %A" expected actual

    let spiral () =
        let turn = Tensor.Linspace(0.5, 2.0, 60)
        let angle = turn * number Math.PI
        let arm = Tensor.Stack([ turn * angle.Cos(); turn * angle.Sin() ], 1)
        let points = Tensor.Cat([ arm; -arm ], 0)
        let classes = Tensor.Cat([ Tensor.Zeros(shape [ 60 ], DType.Int64); Tensor.Ones(shape [ 60 ], DType.Int64) ], 0)
        points, classes

    [<Test>]
    member _.Module_written_in_FSharp_has_the_names_of_its_let_bindings() =
        let names = [ for struct (name, _) in Mlp(2, 3, 2).NamedParameters() -> name ]
        names |> shouldBe [ "fc1.weight"; "fc1.bias"; "fc2.weight"; "fc2.bias" ]
        List.ofSeq (Scaled(3).StateDict().Keys) |> shouldBe [ "scale"; "mean" ]

    [<Test>]
    member _.Module_written_in_FSharp_trains() =
        Generator.ManualSeed 0L |> ignore
        let points, classes = spiral ()
        let model = Mlp(2, 32, 2)
        let optimizer = Adam(parameters model, lr = 0.02)
        let loader = DataLoader(TensorDataset([ points; classes ]), batchSize = 30, shuffle = true)
        for _ in 1..60 do
            for batch in loader do
                optimizer.ZeroGrad()
                let loss = Functional.CrossEntropy(model.Call(batch[0]), batch[1])
                loss.Backward()
                optimizer.Step() |> ignore
        let accuracy = model.Evaluate(fun () -> Metrics.Accuracy(model.Call points, classes))
        (accuracy > 0.95) |> shouldBe true

    [<Test>]
    member _.Gradients_of_modules_and_functions_are_checked() =
        let model = Mlp(2, 3, 2).To(DType.Float64)
        let x = Tensor.Randn(shape [ 4; 2 ], Generator 1L, DType.Float64)
        ModuleGradCheck.RunModule(model, [| x |]).ThrowIfFailed() |> ignore
        GradCheck.Run((fun (t: Tensor) -> (t.Tanh() * t).Sum()), x).ThrowIfFailed() |> ignore
        let wrong = GradCheck.Run((fun (t: Tensor) -> (t.Detach() * t).Sum()), x)
        wrong.Passed |> shouldBe false

    [<Test>]
    member _.Arrays_stand_for_spans_and_collection_expressions() =
        let x = Tensor.From(array2D [ [ 1.0; 2.0; 3.0 ]; [ 4.0; 5.0; 6.0 ] ])
        x.Reshape(dims [ 3; 2 ]).Permute(dims [ 1; 0 ]).Shape.ToArray() |> shouldBe [| 2; 3 |]
        x[at [ index 1; index -1 ]].Item<float>() |> shouldBe 6.0
        x.Flip(dims [ 0 ]).ToArray<float>() |> shouldBe [| 4.0; 5.0; 6.0; 1.0; 2.0; 3.0 |]
        (number 1.0 - x * number 2.0).Sum().Item<float>() |> shouldBe -36.0
        let struct (values, indices) = x.Max(1)
        values.ToArray<float>() |> shouldBe [| 3.0; 6.0 |]
        indices.ToArray<int>() |> shouldBe [| 2; 2 |]
        String.Format("{0:F1}", x).Split('\n')[0] |> shouldBe "tensor([[1.0, 2.0, 3.0],"
        let struct (y, tangent) = Autograd.Jvp((fun (t: Tensor) -> t.Exp()), x, Tensor.OnesLike x)
        y.AllClose(tangent, 0.0, 0.0) |> shouldBe true
