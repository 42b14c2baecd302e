namespace MiniTorch.Tests.Conformance;

/// <summary>Every op row of the reference data: values, gradients and Hessian-vector products at the row's own tolerance.</summary>
[Category("Conformance")]
public class OpConformanceTests
{
    static IEnumerable<TestCaseData> Rows() =>
        from text in ConformanceFiles.Read("*.json")
        from row in OpRow.Parse(text)
        select new TestCaseData(row).SetName(row.Id);

    [TestCaseSource(nameof(Rows))]
    public void An_op_agrees_with_the_reference(OpRow row)
    {
        Tensor[] inputs = [.. row.Inputs.Select(input => input.ToTensor())];
        int[] differentiated = [.. row.Grads.Select(gradient => Array.FindIndex(row.Inputs, input => input.Name == gradient.Name))];
        foreach (int i in differentiated) inputs[i].RequiresGrad = true;
        Tensor[] wanted = [.. differentiated.Select(i => inputs[i])];

        Tensor[] outputs = row.Call(inputs);
        outputs.Length.ShouldBe(row.Outputs.Length, "outputs");
        for (int i = 0; i < outputs.Length; i++)
            Compare($"output {row.Outputs[i].Name}", outputs[i], row.Outputs[i], row.OutputsF64?[i], row.Atol, row);
        if (wanted.Length == 0) return;

        Tensor[] gradients = Gradients(row, outputs, wanted, createGraph: row.Hvp is not null);
        for (int i = 0; i < gradients.Length; i++)
            Compare($"gradient of {row.Grads[i].Name}", gradients[i], row.Grads[i], row.GradsF64?[i], row.GradAtol, row);
        if (row.Hvp is not { } hvp) return;

        Tensor[] tangents = [.. hvp.Tangents.Select(tangent => tangent.ToTensor())];
        Tensor[] twice = SecondGradients(gradients, tangents, wanted);
        Tensor[] forward = ForwardOverReverse(row, inputs, differentiated, tangents);
        for (int i = 0; i < wanted.Length; i++)
        {
            Compare($"Hessian-vector product by {row.Grads[i].Name}, reverse over reverse", twice[i], hvp.Results[i], null, row.GradAtol, row);
            Compare($"Hessian-vector product by {row.Grads[i].Name}, forward over reverse", forward[i], hvp.Results[i], null, row.GradAtol, row);
        }
    }

    // The gradient of Σ outputs · cotangents.
    static Tensor[] Gradients(OpRow row, Tensor[] outputs, Tensor[] wanted, bool createGraph)
    {
        Tensor loss = Tensor.Zeros([], wanted[0].DType);
        for (int i = 0; i < outputs.Length; i++)
            if (row.Cotangents[i] is { } cotangent) loss += (outputs[i] * cotangent.ToTensor()).Sum();
        return Autograd.Grad(loss, wanted, createGraph: createGraph, allowUnused: true);
    }

    static Tensor[] SecondGradients(Tensor[] gradients, Tensor[] tangents, Tensor[] wanted)
    {
        Tensor along = Tensor.Zeros([], wanted[0].DType);
        for (int i = 0; i < gradients.Length; i++) along += (gradients[i] * tangents[i]).Sum();
        return along.RequiresGrad ? Autograd.Grad(along, wanted, allowUnused: true) : [.. wanted.Select(x => Tensor.ZerosLike(x))];
    }

    // d/dt of the gradient at x + t·v, for all inputs at once.
    static Tensor[] ForwardOverReverse(OpRow row, Tensor[] inputs, int[] differentiated, Tensor[] tangents)
    {
        Shape[] shapes = [.. tangents.Select(tangent => tangent.Shape)];
        Tensor t = Tensor.Zeros([], tangents[0].DType);
        (_, Tensor flat) = Autograd.Jvp(Gradient, t, Tensor.OnesLike(t));
        Tensor[] parts = flat.Split([.. shapes.Select(shape => (int)shape.ElementCount)]);
        return [.. parts.Select((part, i) => part.Reshape(shapes[i]))];

        Tensor Gradient(Tensor t)
        {
            Tensor[] moved = [.. inputs.Select(input => input.Detach())];
            for (int i = 0; i < differentiated.Length; i++)
            {
                int at = differentiated[i];
                moved[at] += t * tangents[i];
                moved[at].RequiresGrad = true;
            }
            Tensor[] wanted = [.. differentiated.Select(i => moved[i])];
            Tensor[] gradients = Gradients(row, row.Call(moved), wanted, createGraph: false);
            return Tensor.Cat([.. gradients.Select(gradient => gradient.Reshape(-1))]);
        }
    }

    static void Compare(string what, Tensor got, RowTensor want, RowTensor? float64, double atol, OpRow row)
    {
        got.Shape.ToArray().ShouldBe(want.Shape, $"shape of {what}");
        got.DType.ToString().ToLowerInvariant().ShouldBe(want.Dtype, $"dtype of {what}");
        double[] values = got.ToArray<double>();
        for (int i = 0; i < values.Length; i++)
        {
            bool agrees = Agrees(values[i], want.Data[i]) || (float64 is not null && row.AllowsFloat64Results && Agrees(values[i], float64.Data[i]));
            agrees.ShouldBeTrue($"{what}, element {i}: {values[i]:R}, and the reference has "
                + $"{want.Data[i]:R}{(float64 is null ? "" : $" ({float64.Data[i]:R} in float64)")}");
        }

        bool Agrees(double value, double reference) =>
            value.Equals(reference) || (double.IsFinite(reference) ? Math.Abs(value - reference) <= atol + (row.Rtol * Math.Abs(reference))
                : value == reference);
    }
}
